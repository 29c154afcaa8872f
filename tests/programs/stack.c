/* The stack grows by three hundred pages. */
#include "pages.h"

static void deep(void)
{
	volatile char room[300 * PAGE];
	for (size_t page = 300; page-- > 0;)
		room[page * PAGE] = 1;
	step("grown", (const char *)room + 299 * PAGE);
}

int main(void)
{
	char here = 0;
	step("before", &here);
	deep();
	return 0;
}
