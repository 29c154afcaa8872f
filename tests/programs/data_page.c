/* Every byte of a page of .data is written. */
#include "pages.h"

static char page[PAGE] __attribute__((aligned(PAGE))) = {1};

int main(void)
{
	get(page, 1);
	step("loaded", page);
	for (size_t i = 0; i < PAGE; i++)
		page[i] = 'x';
	step("written", page);
	return 0;
}
