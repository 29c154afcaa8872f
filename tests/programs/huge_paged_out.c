/* Every other page of a huge page is written; paged out, the written ones go to swap, the others were zero. */
#include "pages.h"

int main(void)
{
	char *p = aligned(512);
	must(!madvise(p, HUGE, MADV_HUGEPAGE));
	step("mapped", p);
	for (size_t page = 0; page < 512; page += 2)
		put(p + page * PAGE, 1);
	step("touched", p);
	must(!madvise(p, HUGE, MADV_PAGEOUT));
	step("paged-out", p);
	return 0;
}
