/* Pages of 64 kB (multi-size THP): one fault maps sixteen pages, of which one is given up. */
#include "pages.h"

int main(void)
{
	char *p = aligned(64);
	must(!madvise(p, 64 * PAGE, MADV_HUGEPAGE));
	step("mapped", p);
	put(p, 1);
	step("touched", p);
	put(p, 64);
	step("all-touched", p);
	must(!madvise(p + 3 * PAGE, PAGE, MADV_DONTNEED));
	step("given-up-one", p);
	return 0;
}
