/* Small pages are collapsed into huge ones: a few with the gaps between them, just touched ones, and those shared by a fork. */
#include "pages.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static char *small_pages(size_t huge_pages)
{
	char *p = aligned(huge_pages * 512);
	must(!madvise(p, huge_pages * HUGE, MADV_NOHUGEPAGE));
	return p;
}

static void collapse(char *p, size_t huge_pages)
{
	must(!madvise(p, huge_pages * HUGE, MADV_HUGEPAGE));
	for (size_t page = 0; page < huge_pages; page++)
		for (int tries = 0; madvise(p + page * HUGE, HUGE, MADV_COLLAPSE); tries++)
			must(tries < 1000); /* somebody looks at a page in the same moment */
}

int main(void)
{
	char *few = small_pages(4), *all = small_pages(1), *shared = small_pages(1), *zeros = untouched(1);
	for (size_t page = 0; page < 4; page++)
		put(few + page * HUGE, 2);
	put(shared, 512);
	step("begin", few);
	get(zeros, 1);
	collapse(few, 4);
	step("few", few);
	put(all, 512);
	collapse(all, 1);
	step("just-touched", all);
	pid_t child = forked(NULL);
	put(shared, 1); /* before Linux 6.18, what cannot be written at all is not collapsed */
	step("forked", shared);
	collapse(shared, 1);
	step("shared-ones", shared);
	end(child);
	step("child-ended", shared);
	return 0;
}
