/* Pages in swap that a fork shared are read back by one process, then by the other, and are lost again; needs swap. */
#include "pages.h"

static char *p;

static void read_some(void)
{
	get(p, 16);
}

int main(void)
{
	p = untouched(32);
	put(p, 32);
	page_out(p, 32);
	pid_t child = forked(read_some);
	step("forked", p);
	get(p, 8);
	step("parent-read", p);
	tell_child();
	step("child-read", p);
	end(child);
	step("child-ended", p);
	return 0;
}
