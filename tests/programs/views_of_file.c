/* Views of one file: a shared one takes the place of a private one; a part is written and moved; a window slides; two
 * views of the same pages, of which one is written while the other goes. */
#include "pages.h"

int main(int count, char **arguments)
{
	must(count == 2);
	int file = file_of(arguments[1], 60);
	char *place = untouched(40), *p = mapped(file, 40, MAP_PRIVATE);
	get(p, 40);
	put(p, 10);
	step("private", p);
	must(mmap(p, 40 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) == p);
	get(p, 40);
	step("shared", p);
	must(!munmap(p, 40 * PAGE));
	p = mapped(file, 20, MAP_PRIVATE);
	get(p, 20);
	step("another", p);
	put(p + 15 * PAGE, 5);
	char *part = mremap(p + 15 * PAGE, 5 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + 10 * PAGE);
	must(part == place + 10 * PAGE);
	step("part-written-and-moved", part);
	char *window = mmap(NULL, 20 * PAGE, PROT_READ, MAP_SHARED, file, 30 * PAGE);
	must(window != MAP_FAILED);
	get(window, 20);
	step("window", window);
	must(!munmap(window, 10 * PAGE));
	char *next = mmap(place + 20 * PAGE, 20 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 40 * PAGE);
	must(next == place + 20 * PAGE);
	get(next, 20);
	step("next-window", next);
	char *shared = mapped(file, 10, MAP_SHARED);
	get(shared, 10);
	step("shared-as-well", shared);
	put(shared, 10);
	must(!munmap(p, 15 * PAGE));
	step("written-while-the-other-went", shared);
	char *early = mmap(NULL, 20 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 10 * PAGE);
	must(early != MAP_FAILED);
	get(early, 20);
	put(early, 5);
	step("window-with-dirty-pages", early);
	must(!munmap(early, 20 * PAGE));
	early = mmap(NULL, 20 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 20 * PAGE);
	must(early != MAP_FAILED);
	get(early, 20);
	put(early + 10 * PAGE, 5);
	step("window-that-slid-by-half", early);
	return 0;
}
