/* Parts of mappings are unmapped: the middle, the end, and the rest; two neighbours were one mapping before. */
#include "pages.h"

static char *at(char *place, size_t pages)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	must(mmap(place, pages * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0) == place);
	return place;
}

int main(void)
{
	char *hole = mmap(NULL, 66 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p = hole + PAGE;
	must(hole != MAP_FAILED);
	at(p, 16);
	step("mapped", p);
	at(p + 16 * PAGE, 16);
	step("merged", p);
	put(p, 32);
	step("touched", p);
	must(!munmap(p + 8 * PAGE, 8 * PAGE));
	step("middle-unmapped", p);
	must(!munmap(p + 28 * PAGE, 4 * PAGE));
	step("end-unmapped", p + 16 * PAGE);
	must(mremap(p + 16 * PAGE, 12 * PAGE, 7 * PAGE, 0) == p + 16 * PAGE);
	step("shrunk", p + 16 * PAGE);
	must(!munmap(p, 8 * PAGE));
	step("all-unmapped", p);
	return 0;
}
