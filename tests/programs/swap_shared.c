/* Pages in swap are shared with a child, and both read some of them; needs swap. */
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
	step("out", p);
	pid_t child = forked(read_some);
	step("forked", p);
	tell_child();
	step("child-read", p);
	get(p, 8);
	step("parent-read", p);
	end(child);
	step("child-ended", p);
	return 0;
}
