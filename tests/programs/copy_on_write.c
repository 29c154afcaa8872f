/* Pages of private file mappings are read, written after that, written again, and written without having been read. */
#include "pages.h"

int main(int count, char **arguments)
{
	int file = file_of(arguments[count - 1], 40);
	char *p = mapped(file, 40, MAP_PRIVATE), *q = mapped(file, 40, MAP_PRIVATE | MAP_POPULATE);
	must(!mprotect(q + 39 * PAGE, PAGE, PROT_READ)); /* lest they merge */
	step("mapped", p);
	get(p, 40);
	step("read", p);
	put(p, 11);
	step("written", p);
	put(p, 11);
	step("written-again", p);
	must(!madvise(p, 40 * PAGE, MADV_DONTNEED));
	step("given-up", p);
	put(p, 13);
	step("written-unread", p);
	put(p + 13 * PAGE, 3);
	get(p, 40);
	step("written-unread-and-others-read", p);
	must(!madvise(p + 20 * PAGE, 20 * PAGE, MADV_DONTNEED));
	step("given-up-half", p);
	put(p + 16 * PAGE, 2);
	get(p, 40);
	step("others-read-and-older-written", p);
	put(p + 18 * PAGE, 2);
	put(q, 1);
	step("both-mappings", p);
	must(!madvise(p, 4 * PAGE, MADV_DONTNEED));
	get(p, 4);
	step("copies-given-up-and-read-anew", p);
	return 0;
}
