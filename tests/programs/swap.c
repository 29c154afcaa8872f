/* Pages go to swap, are read or written back, given up while they are there, and swapped while others are touched. */
#include "pages.h"

int main(void)
{
	char *p = untouched(80);
	put(p, 50);
	step("before", p);
	page_out(p, 30);
	step("out", p);
	get(p, 10);
	step("read", p);
	put(p + 10 * PAGE, 10);
	step("written", p);
	put(p, 10);
	step("rewritten", p);
	must(!madvise(p + 20 * PAGE, 6 * PAGE, MADV_DONTNEED));
	step("given-up", p);
	page_out(p + 40 * PAGE, 5);
	put(p + 60 * PAGE, 8);
	step("out-and-touched", p);
	get(p + 40 * PAGE, 5);
	put(p + 70 * PAGE, 7);
	step("in-and-touched", p);
	return 0;
}
