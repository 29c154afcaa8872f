/* Several things in one step: given up and touched again, marked free and shared, copies unmapped and copies dropped. */
#include "pages.h"

static void nothing(void)
{
}

int main(int count, char **arguments)
{
	must(count == 2);
	char *p = between_guards(30), *copies = mapped(file_of(arguments[1], 40), 40, MAP_PRIVATE);
	must(!madvise(p, 20 * PAGE, MADV_FREE));
	put(copies, 40);
	step("marked-free", p);
	must(!madvise(p, 20 * PAGE, MADV_DONTNEED));
	put(p, 20);
	step("touched-again", p);
	must(!munmap(copies, 10 * PAGE));
	copies += 10 * PAGE;
	must(!madvise(copies, 10 * PAGE, MADV_DONTNEED));
	get(copies, 10);
	step("copies-gone", copies);
	must(!madvise(p, 20 * PAGE, MADV_FREE));
	pid_t child = forked(nothing);
	step("marked-free-and-forked", p);
	end(child);
	step("child-ended", p);
	return 0;
}
