/* A huge page is mapped by one fault, split, and put together again; small ones are put together, with holes between. */
#include "pages.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

int main(void)
{
	char *p = aligned(1024), *q = aligned(512), *r = aligned(512);
	must(!madvise(p, 1024 * PAGE, MADV_HUGEPAGE));
	put(q, 512);
	put(r, 100);
	step("before", p);
	put(p, 1);
	step("touched", p);
	put(p + HUGE, 1);
	step("touched-another", p);
	must(!madvise(p + 5 * PAGE, PAGE, MADV_DONTNEED));
	step("given-up-one", p);
	must(!madvise(p + HUGE, HUGE, MADV_DONTNEED));
	step("given-up-whole", p);
	must(!madvise(q, HUGE, MADV_COLLAPSE));
	step("collapsed", q);
	must(!madvise(r, HUGE, MADV_COLLAPSE));
	step("collapsed-with-holes", r);
	must(!mprotect(q, 8 * PAGE, PROT_READ));
	step("protected", q);
	return 0;
}
