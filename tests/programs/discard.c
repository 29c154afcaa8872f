/* Pages are given up (MADV_DONTNEED), and file pages are reclaimed (MADV_PAGEOUT). */
#include "pages.h"

int main(int count, char **arguments)
{
	char *p = between_guards(50);
	char *q = mapped(file_of(arguments[count - 1], 60), 60, MAP_PRIVATE);
	get(q, 60);
	step("before", p);
	must(!madvise(p, 20 * PAGE, MADV_DONTNEED));
	step("anonymous", p);
	must(!madvise(q, 20 * PAGE, MADV_DONTNEED));
	step("file", q);
	page_out(q + 20 * PAGE, 40);
	step("reclaimed", q);
	get(q, 60);
	step("read-again", q);
	return 0;
}
