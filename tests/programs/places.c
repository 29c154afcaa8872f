/* Mappings change as a whole while their pages stay: moved, cut, and with the border between two of them shifted. */
#include "pages.h"

int main(int count, char **arguments)
{
	char *p = between_guards(40);
	char *f = mapped(file_of(arguments[count - 1], 20), 20, MAP_PRIVATE);
	get(f, 20);
	put(f, 4);
	step("before", p);
	must(!mprotect(p, 10 * PAGE, PROT_READ));
	step("split", p);
	must(!mprotect(p + 10 * PAGE, 5 * PAGE, PROT_READ));
	step("border-moved-up", p);
	must(!mprotect(p + 12 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE));
	step("border-moved-down", p);
	must(!mprotect(p, 12 * PAGE, PROT_READ | PROT_WRITE));
	step("merged", p);
	must(!mprotect(p, 10 * PAGE, PROT_READ));
	put(p + 20 * PAGE, 1);
	must(!madvise(p + 30 * PAGE, 6 * PAGE, MADV_DONTNEED));
	step("split-and-given-up", p + 10 * PAGE);
	must(!munmap(p + 20 * PAGE, 8 * PAGE));
	step("hole", p + 10 * PAGE);
	must(!mprotect(f + 2 * PAGE, 6 * PAGE, PROT_READ));
	step("file-split", f);
	p = mremap(p + 28 * PAGE, 12 * PAGE, 50 * PAGE, MREMAP_MAYMOVE);
	must(p != MAP_FAILED);
	step("moved", p);
	p = mremap(p + 4 * PAGE, 5 * PAGE, 60 * PAGE, MREMAP_MAYMOVE);
	must(p != MAP_FAILED);
	step("moved-a-part", p);
	return 0;
}
