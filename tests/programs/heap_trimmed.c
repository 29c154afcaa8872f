/* The heap gives up pages that it keeps, and addresses that it never touched, as malloc_trim() does. */
#include "pages.h"

int main(void)
{
	char *p = (char *)(((uintptr_t)sbrk(0) + PAGE - 1) & ~(PAGE - 1));
	must(!brk(p + 100 * PAGE));
	put(p, 60);
	step("begin", p);
	must(!madvise(p + 10 * PAGE, 10 * PAGE, MADV_DONTNEED) && !brk(p + 70 * PAGE));
	step("trimmed", p);
	must(!brk(p + 20 * PAGE));
	step("all-but-20-unmapped", p);
	return 0;
}
