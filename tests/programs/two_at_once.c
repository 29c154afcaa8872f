/* Two things between two steps: in different mappings, and in the same one. */
#include "pages.h"

int main(int count, char **arguments)
{
	char *p = untouched(200);
	int file = file_of(arguments[count - 1], 80);
	char *f = mapped(file, 40, MAP_PRIVATE);
	char *g = mmap(NULL, 40 * PAGE, PROT_READ, MAP_SHARED, file, 40 * PAGE);
	get(f, 10);
	put(p, 50);
	step("before", p);
	put(p + 50 * PAGE, 100);
	put(f, 3);
	step("touched-and-copied", p);
	get(g, 40);
	put(f + 3 * PAGE, 5);
	step("read-and-copied", f);
	must(!madvise(p, 20 * PAGE, MADV_FREE) && !madvise(p + 20 * PAGE, 7 * PAGE, MADV_DONTNEED));
	step("freed-and-given-up", p);
	return 0;
}
