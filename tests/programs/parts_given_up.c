/* A mapping is split into three parts by their protection, and pages of all of them are given up, in one step. */
#include "pages.h"

int main(void)
{
	char *p = untouched(20);
	put(p, 8);
	put(p + 8 * PAGE, 3);
	put(p + 14 * PAGE, 3);
	step("filled", p);
	must(!madvise(p, 4 * PAGE, MADV_DONTNEED) && !madvise(p + 8 * PAGE, 12 * PAGE, MADV_DONTNEED));
	must(!mprotect(p + 8 * PAGE, 6 * PAGE, PROT_READ));
	step("split-and-given-up", p + 8 * PAGE);
	return 0;
}
