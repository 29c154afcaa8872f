/* A buffer is filled, copied to a new one of the same size, and given back, as by programs that allocate for each task. */
#include "pages.h"

int main(void)
{
	char *old = between_guards(40);
	step("filled", old);
	char *new = untouched(40);
	memcpy(new, old, 40 * PAGE);
	must(!munmap(old, 40 * PAGE));
	step("copied", new);
	return 0;
}
