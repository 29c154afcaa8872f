/* Pages of a shared file mapping are read, written, written back, and written without having been read. */
#include "pages.h"

int main(int count, char **arguments)
{
	int file = file_of(arguments[count - 1], 40);
	char *p = mapped(file, 40, MAP_SHARED);
	step("mapped", p);
	get(p, 40);
	step("read", p);
	put(p, 5);
	step("written", p);
	must(!msync(p, 40 * PAGE, MS_SYNC));
	step("written-back", p);
	must(!madvise(p, 40 * PAGE, MADV_DONTNEED));
	step("all-given-up", p);
	put(p + 32 * PAGE, 3);
	step("written-unread", p);
	get(p, 40);
	step("others-read", p);
	must(pwrite(file, "x", 1, 12 * PAGE) == 1);
	step("file-written", p);
	must(!madvise(p + 10 * PAGE, 10 * PAGE, MADV_DONTNEED));
	step("given-up", p);
	must(!ftruncate(file, 25 * PAGE));
	step("cut", p);
	return 0;
}
