/* A file is cut under a private mapping of it: file pages and copies behind the new end are gone. */
#include "pages.h"

int main(int count, char **arguments)
{
	int file = file_of(arguments[count - 1], 40);
	char *p = mapped(file, 40, MAP_PRIVATE);
	get(p, 40);
	put(p + 20 * PAGE, 10);
	step("copied", p);
	must(pwrite(file, "x", 1, 5 * PAGE) == 1);
	step("file-written", p);
	must(!fsync(file));
	step("file-written-back", p);
	must(!ftruncate(file, 25 * PAGE));
	step("cut", p);
	return 0;
}
