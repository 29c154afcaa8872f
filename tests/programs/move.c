/* Nine pages move to another address and grow by 32 there (mremap). */
#include "steps.h"

int main(void)
{
	char *p = between_guards(9);
	step("before", p);
	p = mremap(p, 9 * PAGE, 41 * PAGE, MREMAP_MAYMOVE);
	step("moved", p);
	return 0;
}
