/* Four of twelve pages lose the right to be written, which splits the mapping, and get it back, which merges it. */
#include "steps.h"

int main(void)
{
	char *p = between_guards(12);
	step("whole", p);
	mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ);
	step("split", p);
	mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE);
	step("merged", p);
	mprotect(p, 12 * PAGE, PROT_READ);
	step("protected", p);
	return 0;
}
