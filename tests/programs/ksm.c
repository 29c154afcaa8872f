/* Fifty equal pages are merged by KSM; three are written; the others are parted again. */
#include "pages.h"

int main(void)
{
	char *p = untouched(50);
	memset(p, 5, 50 * PAGE);
	step("before", p);
	must(!madvise(p, 50 * PAGE, MADV_MERGEABLE));
	step("mergeable", p);
	put(p, 3);
	step("written", p);
	must(!madvise(p, 50 * PAGE, MADV_UNMERGEABLE));
	step("parted", p);
	return 0;
}
