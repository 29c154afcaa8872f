/* The heap grows, is touched, and shrinks (brk). */
#include "pages.h"

int main(void)
{
	char *p = sbrk(8 * PAGE);
	put(p, 8);
	step("before", p);
	p = sbrk(64 * PAGE);
	step("grown", p);
	put(p, 40);
	step("touched", p);
	sbrk(-30 * (intptr_t)PAGE);
	step("shrunk", p);
	return 0;
}
