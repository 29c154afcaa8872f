/* Faults of known functions, so many as the step says: each has a page of its own in the memory that is told first.
 *     callers [LIBRARY]     LIBRARY, made of this file with -DLIBRARY, is loaded in the last step
 */
#ifdef LIBRARY
void touch_in_library(char *at, int pages)
{
	for (int page = 0; page < pages; page++)
		*(volatile char *)(at + 4096 * page) = 1;
}
#else
#include "steps.h"
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#define NOT_INLINED __attribute__((noinline, noclone))
#define KEEP() __asm__ volatile("" ::: "memory") /* no tail call */

static char *at;

NOT_INLINED static void touch(int pages)
{
	for (int page = 0; page < pages; page++, at += PAGE)
		*(volatile char *)at = 1;
	KEEP();
}

NOT_INLINED static void alpha(void) { touch(23); KEEP(); }
NOT_INLINED static void beta(void) { touch(11); alpha(); KEEP(); }
NOT_INLINED static void gamma_of(void (*call)(void)) { touch(5); call(); KEEP(); }
NOT_INLINED static void in_thread(void) { touch(17); KEEP(); }
NOT_INLINED static void in_handler(int number) { (void)number; touch(9); KEEP(); }
NOT_INLINED static void interrupted(void) { raise(SIGUSR1); KEEP(); }

NOT_INLINED static void deep(int depth)
{
	volatile char local[200];
	local[depth] = 1;
	depth ? deep(depth - 1) : touch(7);
	(void)local[0];
	KEEP();
}

static void *run_thread(void *nothing)
{
	in_thread();
	KEEP();
	return nothing;
}

NOT_INLINED static void load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);
	void (*touch_in_library)(char *, int) = library ? dlsym(library, "touch_in_library") : 0;
	if (touch_in_library)
		touch_in_library(at, 13);
	KEEP();
}

NOT_INLINED static void in_kernels_code(void)
{
	for (int page = 0; page < 3; page++, at += PAGE)
		clock_gettime(CLOCK_MONOTONIC, (struct timespec *)at);
	KEEP();
}

int main(int argc, char **argv)
{
	pthread_t thread;
	char *memory = at = mmap(0, 512 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, 512 * PAGE, MADV_NOHUGEPAGE);
	signal(SIGUSR1, in_handler);
	step("ready", memory);
	beta();
	gamma_of(alpha);
	step("functions", memory);
	pthread_create(&thread, 0, run_thread, 0);
	pthread_join(thread, 0);
	step("thread", memory);
	interrupted();
	step("signal", memory);
	deep(60);
	step("deep", memory);
	in_kernels_code();
	step("vdso", memory);
	if (argc > 1)
		load(argv[1]);
	step("library", memory);
	return 0;
}
#endif
