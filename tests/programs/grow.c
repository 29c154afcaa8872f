/* The heap grows by 64 pages, and shrinks by 16 (brk). */
#include "steps.h"

int main(void)
{
	char *heap = sbrk(8 * PAGE);
	*heap = 1;
	step("before", heap);
	sbrk(64 * PAGE);
	step("grown", heap);
	sbrk(-16 * (intptr_t)PAGE);
	step("shrunk", heap);
	return 0;
}
