/* Mappings are locked and unlocked: anonymous, in part, and private of a file. */
#include "pages.h"

int main(int count, char **arguments)
{
	char *p = untouched(50);
	char *q = mapped(file_of(arguments[count - 1], 20), 20, MAP_PRIVATE);
	put(p, 10);
	get(q, 20);
	step("before", p);
	must(!mlock(p, 50 * PAGE));
	step("locked", p);
	must(!munlock(p + 20 * PAGE, 10 * PAGE));
	step("unlocked-a-part", p + 20 * PAGE);
	must(!munlock(p, 50 * PAGE));
	step("unlocked", p);
	must(!mlock(q, 20 * PAGE));
	step("locked-file", q);
	return 0;
}
