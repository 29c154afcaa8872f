/* Says its registers and its stack from the innermost of some functions, as perf samples them: hexadecimal, x86-64.
 *     call_chain plain|deep|signal|realigned|thread|pointer
 */
#include "steps.h"
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define NOT_INLINED __attribute__((noinline, noclone))
#define KEEP() __asm__ volatile("" ::: "memory") /* no tail call, no removal */

static const int ORDER[] = { /* of PERF_REG_X86_* */
	REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_RIP,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};
#define REGISTERS (sizeof ORDER / sizeof *ORDER)
static char *top, line[2 * (8 * REGISTERS + 8192) + 8];

static char *put(char *at, const void *bytes, size_t n)
{
	for (const unsigned char *byte = bytes; n--; byte++) {
		*at++ = "0123456789abcdef"[*byte >> 4];
		*at++ = "0123456789abcdef"[*byte & 15];
	}
	return at;
}

NOT_INLINED static void tell(void)
{
	ucontext_t here;
	char byte;
	getcontext(&here);
	char *stack = (char *)here.uc_mcontext.gregs[REG_RSP], *at = line;
	for (size_t i = 0; i < REGISTERS; i++)
		at = put(at, &here.uc_mcontext.gregs[ORDER[i]], 8);
	*at++ = ' ';
	at = put(at, stack, top - stack < 8192 ? (size_t)(top - stack) : 8192);
	*at++ = '\n';
	if (write(1, line, (size_t)(at - line)) < 0 || read(0, &byte, 1) != 1)
		_exit(0);
	KEEP();
}

NOT_INLINED static void second(int depth)
{
	volatile char local[200];
	local[depth % 200] = 1;
	if (depth > 0)
		second(depth - 1);
	else
		tell();
	(void)local[0];
	KEEP();
}

NOT_INLINED static void handler(int number)
{
	(void)number;
	tell();
	KEEP();
}

NOT_INLINED static void realigned(int size)
{
	volatile char aligned[64] __attribute__((aligned(64)));
	char *variable = __builtin_alloca((size_t)size);
	aligned[0] = 1;
	memset(variable, 1, (size_t)size);
	__asm__ volatile("" :: "r"(variable), "r"(aligned) : "memory");
	second(0);
	KEEP();
}

NOT_INLINED static void first(const char *how)
{
	if (!strcmp(how, "signal"))
		raise(SIGUSR1);
	else if (!strcmp(how, "realigned"))
		realigned(100);
	else
		second(!strcmp(how, "deep") ? 60 : 0);
	KEEP();
}

static void *of_thread(void *how)
{
	top = (char *)__builtin_frame_address(0) + 512;
	first(how);
	KEEP();
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	top = (char *)__builtin_frame_address(0) + 512;
	if (argc < 2)
		return 2;
	signal(SIGUSR1, handler);
	if (!strcmp(argv[1], "thread"))
		pthread_create(&thread, 0, of_thread, argv[1]), pthread_join(thread, 0);
	else
		first(argv[1]);
	return 0;
}
