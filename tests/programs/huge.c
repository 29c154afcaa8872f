/* A huge page is mapped by one fault, split, and put together again; small ones are put together, with holes between. */
#include "pages.h"
#include <sys/prctl.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Huge pages only while the step itself makes one: khugepaged of a busy machine would put together what was split. */
static void huge_pages(int allowed)
{
	must(!prctl(PR_SET_THP_DISABLE, !allowed, 0, 0, 0));
}

static void put_huge(char *at)
{
	huge_pages(1);
	put(at, 1);
	huge_pages(0);
}

static void collapse(char *at)
{
	huge_pages(1);
	must(!madvise(at, HUGE, MADV_COLLAPSE));
	huge_pages(0);
}

int main(void)
{
	huge_pages(0);
	char *p = aligned(1024), *q = aligned(512), *r = aligned(512);
	must(!madvise(p, 1024 * PAGE, MADV_HUGEPAGE));
	put(q, 512);
	put(r, 100);
	step("before", p);
	put_huge(p);
	step("touched", p);
	put_huge(p + HUGE);
	step("touched-another", p);
	must(!madvise(p + 5 * PAGE, PAGE, MADV_DONTNEED));
	step("given-up-one", p);
	must(!madvise(p + HUGE, HUGE, MADV_DONTNEED));
	step("given-up-whole", p);
	collapse(q);
	step("collapsed", q);
	collapse(r);
	step("collapsed-with-holes", r);
	must(!mprotect(q, 8 * PAGE, PROT_READ));
	step("protected", q);
	must(!madvise(r, 400 * PAGE, MADV_DONTNEED));
	step("given-up-much", r);
	must(!madvise(r, HUGE, MADV_DONTNEED) && !madvise(r, HUGE, MADV_HUGEPAGE));
	put_huge(r);
	step("given-up-all-and-touched", r);
	return 0;
}
