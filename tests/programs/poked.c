/* A page of its own code is written through /proc/self/mem, as a debugger writes a breakpoint. */
#include "pages.h"

__attribute__((aligned(4096), noinline)) static int target(int x)
{
	return x + 1;
}

int main(void)
{
	char *p = (char *)((uintptr_t)target & ~(PAGE - 1));
	int memory = open("/proc/self/mem", O_RDWR);
	must(memory >= 0 && target(1) == 2);
	step("called", p);
	must(pwrite(memory, p, 1, (off_t)(uintptr_t)p) == 1);
	step("written", p);
	return 0;
}
