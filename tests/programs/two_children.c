/* Forty pages are shared with two children; one ends, the parent writes, the other ends. */
#include "pages.h"

static void nothing(void)
{
}

int main(void)
{
	char *p = between_guards(40);
	step("before", p);
	pid_t first = forked(nothing);
	int first_pipe = to_child[1];
	pid_t second = forked(nothing);
	step("forked-twice", p);
	must(write(first_pipe, "e", 1) == 1 && waitpid(first, NULL, 0) == first);
	step("one-ended", p);
	put(p, 12);
	step("parent-wrote", p);
	end(second);
	step("other-ended", p);
	return 0;
}
