/* The huge zero page is read and written over; a huge page is shared with a child, and both write to it. */
#include "pages.h"

static char *p;

static void write_first(void)
{
	put(p, 1);
}

int main(void)
{
	p = aligned(512);
	must(!madvise(p, HUGE, MADV_HUGEPAGE));
	step("mapped", p);
	get(p, 1);
	step("read", p);
	put(p, 1);
	step("written", p);
	pid_t child = forked(write_first);
	step("forked", p);
	tell_child();
	step("child-wrote", p);
	put(p, 1);
	step("parent-wrote", p);
	end(child);
	step("child-ended", p);
	return 0;
}
