/* Pages of every kind: anonymous, of a file and copied, shared, and huge. */
#include "pages.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

int main(int count, char **arguments)
{
	char *p = untouched(10);
	int guarded = !madvise(p + 6 * PAGE, PAGE, MADV_GUARD_INSTALL);
	put(p, 3);
	get(p + 4 * PAGE, 1);
	put(p + 8 * PAGE, 1);
	step(guarded ? "anonymous-guarded" : "anonymous", p);
	char *f = mapped(file_of(arguments[count - 1], 12), 12, MAP_PRIVATE);
	get(f, 12);
	put(f + 2 * PAGE, 1);
	put(f + 5 * PAGE, 2);
	must(!madvise(f + 9 * PAGE, 2 * PAGE, MADV_DONTNEED));
	step("file", f);
	int memory = memfd_create("shared", 0);
	must(!ftruncate(memory, 6 * PAGE));
	char *m = mapped(memory, 6, MAP_SHARED);
	put(m + PAGE, 2);
	step("shared", m);
	char *h = aligned(1024);
	must(!madvise(h, 1024 * PAGE, MADV_HUGEPAGE));
	put(h, 1);
	get(h + HUGE, 1);
	step("huge", h);
	return 0;
}
