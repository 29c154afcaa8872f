/* A huge page is shared with a child; the parent writes one small page of it. */
#include "pages.h"

static void nothing(void)
{
}

int main(void)
{
	char *p = aligned(512);
	must(!madvise(p, HUGE, MADV_HUGEPAGE));
	step("before", p);
	put(p, 1);
	step("touched", p);
	pid_t child = forked(nothing);
	step("forked", p);
	put(p + 5 * PAGE, 1);
	step("parent-wrote", p);
	end(child);
	step("child-ended", p);
	return 0;
}
