/* The middle of twelve pages is unmapped; then all that is left. */
#include "steps.h"

int main(void)
{
	char *p = between_guards(12);
	step("whole", p);
	munmap(p + 4 * PAGE, 4 * PAGE);
	step("hole", p);
	munmap(p, 12 * PAGE);
	step("gone", p);
	return 0;
}
