/* Guard pages in the midst of a mapping give up what was there (MADV_GUARD_INSTALL, since Linux 6.13). */
#include "pages.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

int main(void)
{
	char *p = between_guards(16);
	step("before", p);
	if (madvise(p + 4 * PAGE, 4 * PAGE, MADV_GUARD_INSTALL))
		return 0;
	step("guarded", p);
	must(!madvise(p + 4 * PAGE, 4 * PAGE, MADV_GUARD_REMOVE));
	step("not-guarded", p);
	return 0;
}
