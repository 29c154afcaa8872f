/* Pages that come without a touch: MADV_POPULATE_READ, MADV_POPULATE_WRITE, MAP_POPULATE. */
#include "pages.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

int main(int count, char **arguments)
{
	int file = file_of(arguments[count - 1], 16), flags = MAP_PRIVATE | MAP_POPULATE;
	char *p = untouched(16);
	step("mapped", p);
	must(!madvise(p, 8 * PAGE, MADV_POPULATE_READ));
	step("read", p);
	must(!madvise(p, 16 * PAGE, MADV_POPULATE_WRITE));
	step("written", p);
	char *f = mmap(NULL, 16 * PAGE, PROT_READ, flags, file, 0);
	step("of-a-file", f);
	must(!madvise(f, 16 * PAGE, MADV_DONTNEED) && !madvise(f, 16 * PAGE, MADV_POPULATE_READ));
	step("given-up-and-back", f);
	return 0;
}
