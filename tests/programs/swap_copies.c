/* Pages of a private file mapping are copied and go to swap in one step, where they had been mapped and where not. */
#include "pages.h"

int main(int count, char **arguments)
{
	must(count == 2);
	char *p = mapped(file_of(arguments[1], 80), 80, MAP_PRIVATE);
	must(!madvise(p, 80 * PAGE, MADV_RANDOM)); /* faults map no neighbours */
	get(p, 40);
	step("read", p);
	put(p, 10);
	put(p + 60 * PAGE, 5);
	page_out(p, 10);
	page_out(p + 60 * PAGE, 5);
	step("copied-and-out", p);
	return 0;
}
