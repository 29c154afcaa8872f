/* Part of a mapping moves, grows, and is touched there, while as many page faults leave no trace as would have filled it. */
#include "pages.h"

int main(void)
{
	char *old = untouched(41), *zeros = untouched(1000), *room = untouched(60);
	must(!munmap(room, 60 * PAGE)); /* else it is the same mapping still, with other pages */
	put(old, 41);
	step("begin", old);
	get(zeros, 41);
	must(mremap(old, 40 * PAGE, 60 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room) == room);
	put(room + 40 * PAGE, 8);
	step("moved", room);
	return 0;
}
