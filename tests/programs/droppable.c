/* Memory that the kernel may drop, dirty or not. */
#include "pages.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08 /* since Linux 6.11, and so not in all headers */
#endif

enum { PAGES = 16 };

int main(void)
{
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0);
	step("begin", p);
	if (p == MAP_FAILED)
		return 2;
	for (int i = 0; i < PAGES; i++)
		*(volatile char *)(p + i * PAGE) = 1;
	step("touched", p);
	page_out(p, PAGES);
	step("dropped", p);
	return 0;
}
