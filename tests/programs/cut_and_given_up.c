/* Part of a mapping is unmapped, and pages of the rest are given up, before anybody looks: of a full one, then of one
 * that has pages in some places only. */
#include "pages.h"

int main(void)
{
	char *p = between_guards(40), *q = untouched(40);
	put(q + 10 * PAGE, 8);
	step("before", p);
	must(!munmap(p + 30 * PAGE, 10 * PAGE) && !madvise(p, 12 * PAGE, MADV_DONTNEED));
	step("full", p);
	must(!munmap(q + 35 * PAGE, 5 * PAGE) && !madvise(q, 30 * PAGE, MADV_DONTNEED));
	step("sparse", q);
	return 0;
}
