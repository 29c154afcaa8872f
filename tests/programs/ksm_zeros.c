/* KSM replaces fifty pages of zeros by the zero page; three are written; the others are parted again. */
#include "pages.h"

int main(void)
{
	char *p = untouched(50);
	memset(p, 0, 50 * PAGE);
	step("before", p);
	must(!madvise(p, 50 * PAGE, MADV_MERGEABLE));
	step("mergeable", p);
	for (int page = 0; page < 3; page++)
		p[page * PAGE] = 10 + page; /* each unlike the others, lest they are merged again */
	step("written", p);
	must(!madvise(p, 50 * PAGE, MADV_UNMERGEABLE));
	step("parted", p);
	return 0;
}
