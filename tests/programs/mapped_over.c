/* Memory is given up without madvise: other memory is mapped over it, or the heap shrinks and grows. */
#include "steps.h"

enum { PAGES = 16 };

static void touch(char *p)
{
	for (int i = 0; i < PAGES; i++)
		*(volatile char *)(p + i * PAGE) = 1;
}

int main(void)
{
	char *heap = sbrk(PAGES * PAGE), *p = between_guards(PAGES);
	touch(heap);
	step("touched", p);
	if (mmap(p, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != p)
		return 2;
	step("mapped-over", p);
	sbrk(-PAGES * (long)PAGE);
	sbrk(PAGES * PAGE);
	step("heap-shrank-and-grew", heap);
	return 0;
}
