/* Sixteen pages are mapped, three of them written, and they are unmapped. */
#include "pages.h"

int main(void)
{
	char *hole = mmap(NULL, 18 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p = hole + PAGE;
	must(hole != MAP_FAILED && !munmap(p, 16 * PAGE));
	step("before", p);
	must(mmap(p, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	put(p, 3);
	step("mapped", p);
	must(!munmap(p, 16 * PAGE));
	step("unmapped", p);
	return 0;
}
