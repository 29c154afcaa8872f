/* A private file mapping with ten copied pages and ten of the file is shared with a child. */
#include "pages.h"

static void nothing(void)
{
}

int main(int count, char **arguments)
{
	char *p = mapped(file_of(arguments[count - 1], 20), 20, MAP_PRIVATE);
	get(p, 20);
	put(p, 10);
	step("copied", p);
	pid_t child = forked(nothing);
	step("forked", p);
	put(p, 3);
	step("copies-written", p);
	put(p + 15 * PAGE, 2);
	step("file-pages-written", p);
	end(child);
	step("child-ended", p);
	return 0;
}
