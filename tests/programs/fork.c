/* Sixty pages are shared with a child; the parent writes nine, the child four, the child ends. */
#include "pages.h"

static char *p;

static void write_four(void)
{
	put(p + 30 * PAGE, 4);
}

int main(void)
{
	p = between_guards(60);
	step("before", p);
	pid_t child = forked(write_four);
	step("forked", p);
	put(p, 9);
	step("parent-wrote", p);
	tell_child();
	step("child-wrote", p);
	end(child);
	step("child-ended", p);
	put(p + 20 * PAGE, 7);
	step("sole-owner-wrote", p);
	child = forked(write_four);
	step("forked-again", p);
	put(p, 9);
	end(child);
	step("wrote-and-ended", p);
	return 0;
}
