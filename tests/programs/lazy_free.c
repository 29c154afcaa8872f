/* Pages are given free for later (MADV_FREE), some are written again, the others are reclaimed. */
#include "pages.h"

int main(void)
{
	char *p = between_guards(50);
	step("before", p);
	must(!madvise(p, 20 * PAGE, MADV_FREE));
	step("freed", p);
	put(p, 4);
	step("written", p);
	page_out(p + 4 * PAGE, 16);
	step("reclaimed", p);
	return 0;
}
