/* What aarch64.elf was made of, and aarch64.sample by running it: registers as perf samples them, and 512 bytes of stack.
 *     aarch64-linux-gnu-gcc -O2 -fomit-frame-pointer -mbranch-protection=standard -fasynchronous-unwind-tables \
 *         -nostdlib -static -Wl,-z,max-page-size=4096,-z,noseparate-code,--build-id=none,--eh-frame-hdr -o aarch64.elf aarch64.c
 *     qemu-aarch64-static -cpu max ./aarch64.elf >aarch64.sample
 */
#define NOT_INLINED __attribute__((noinline, noclone))
#define KEEP() __asm__ volatile("" ::: "memory")

static unsigned long registers[33];

static long call(long number, long first, long second, long third)
{
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = first, x1 __asm__("x1") = second;
	register long x2 __asm__("x2") = third;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

NOT_INLINED void tell(void)
{
	__asm__ volatile(
		"stp x0, x1, [%0]\n\tstp x2, x3, [%0, 16]\n\tstp x4, x5, [%0, 32]\n\tstp x6, x7, [%0, 48]\n\t"
		"stp x8, x9, [%0, 64]\n\tstp x10, x11, [%0, 80]\n\tstp x12, x13, [%0, 96]\n\tstp x14, x15, [%0, 112]\n\t"
		"stp x16, x17, [%0, 128]\n\tstp x18, x19, [%0, 144]\n\tstp x20, x21, [%0, 160]\n\tstp x22, x23, [%0, 176]\n\t"
		"stp x24, x25, [%0, 192]\n\tstp x26, x27, [%0, 208]\n\tstp x28, x29, [%0, 224]\n\tstr x30, [%0, 240]\n\t"
		"mov x9, sp\n\tadr x10, .\n\tstp x9, x10, [%0, 248]" :: "r"(registers) : "x9", "x10", "memory");
	call(64, 1, (long)registers, sizeof registers);
	call(64, 1, (long)registers[31], 512);
}

NOT_INLINED void inner(int value)
{
	tell();
	KEEP();
	(void)value;
}

NOT_INLINED void with_variable_size(long size)
{
	char variable[size];
	__asm__ volatile("" :: "r"(variable) : "memory");
	inner(1);
	KEEP();
}

NOT_INLINED void outer(void)
{
	char local[64];
	__asm__ volatile("" :: "r"(local) : "memory");
	with_variable_size(100);
	KEEP();
}

int main(void)
{
	outer();
	KEEP();
	return 0;
}

__asm__(".globl _start\n.type _start, @function\n_start: .cfi_startproc\n.cfi_undefined x30\n\tbl main\n\tmov x8, 93\n\tsvc 0\n"
	".cfi_endproc\n.size _start, .-_start");
