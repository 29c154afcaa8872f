/* mremap: a mapping grows in place, moves, moves and leaves its old place mapped (MREMAP_DONTUNMAP), and shrinks. */
#include "pages.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

int main(int count, char **arguments)
{
	char *area = untouched(256), *file;
	must(!munmap(area + 16 * PAGE, 200 * PAGE));
	char *p = area;
	put(p, 16);
	file = mapped(file_of(arguments[count - 1], 40), 40, MAP_PRIVATE);
	get(file, 32);
	put(file, 8);
	step("before", p);
	must(mremap(p, 16 * PAGE, 32 * PAGE, 0) == p);
	step("grown-in-place", p);
	p = mremap(p, 32 * PAGE, 32 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + 100 * PAGE);
	must(p == area + 100 * PAGE);
	step("moved", p);
	char *q = mremap(p, 32 * PAGE, 32 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, area + 40 * PAGE);
	must(q == area + 40 * PAGE);
	step("kept-new", q);
	put(p, 8);
	step("old-touched", p);
	must(mremap(q, 32 * PAGE, 4 * PAGE, 0) == q);
	step("shrunk", q);
	file = mremap(file, 40 * PAGE, 80 * PAGE, MREMAP_MAYMOVE);
	must(file != MAP_FAILED);
	step("file-moved", file);
	return 0;
}
