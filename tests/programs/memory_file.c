/* A memfd is written and read, punched, and mapped a second time. */
#include "pages.h"

int main(void)
{
	int file = memfd_create("arena", 0);
	must(!ftruncate(file, 40 * PAGE));
	char *p = mapped(file, 40, MAP_SHARED);
	step("mapped", p);
	put(p, 12);
	step("written", p);
	get(p + 12 * PAGE, 4);
	step("hole-read", p);
	put(p + 12 * PAGE, 4);
	step("hole-written", p);
	must(!fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 5 * PAGE));
	step("punched", p);
	char *q = mapped(file, 40, MAP_PRIVATE);
	get(q + 5 * PAGE, 11);
	step("mapped-private", q);
	put(q + 8 * PAGE, 3);
	step("copied", q);
	return 0;
}
