/* Anonymous pages are written, or read, for the first time. */
#include "pages.h"

int main(void)
{
	char *p = untouched(64);
	step("mapped", p);
	put(p, 37);
	step("written", p);
	get(p + 40 * PAGE, 9);
	step("read", p);
	put(p + 40 * PAGE, 9);
	step("written-over", p);
	return 0;
}
