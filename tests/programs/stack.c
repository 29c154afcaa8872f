/* The stack grows by three hundred pages, below some that may have been touched before. */
#include "pages.h"

static void deep(void)
{
	volatile char room[332 * PAGE];
	for (size_t page = 300; page-- > 0;)
		room[page * PAGE] = 1;
	step("grown", (const char *)room);
}

int main(void)
{
	char here = 0;
	step("before", &here);
	deep();
	return 0;
}
