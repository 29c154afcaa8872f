/* Pages of a memfd go to swap and come back. */
#include "pages.h"

int main(void)
{
	int file = memfd_create("arena", 0);
	must(!ftruncate(file, 32 * PAGE));
	char *p = mapped(file, 32, MAP_SHARED);
	put(p, 16);
	step("before", p);
	page_out(p, 8);
	step("out", p);
	get(p, 4);
	step("in", p);
	return 0;
}
