/* Parts of a mapping are locked: on fault, at once, and unlocked in part. */
#include "pages.h"

int main(void)
{
	char *p = untouched(64), *q = untouched(32);
	put(p, 4);
	step("before", p);
	must(!mlock2(q, 32 * PAGE, MLOCK_ONFAULT));
	step("locked-on-fault", q);
	put(q, 8);
	step("touched", q);
	must(!mlock(p + 32 * PAGE, 32 * PAGE));
	step("half-locked", p + 32 * PAGE);
	must(!munlock(p + 40 * PAGE, 24 * PAGE));
	step("part-unlocked", p + 40 * PAGE);
	must(!mlock(p, 64 * PAGE));
	step("all-locked", p);
	must(!munlock(p, 64 * PAGE));
	step("all-unlocked", p);
	return 0;
}
