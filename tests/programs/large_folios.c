/* A hole of a file is written through a shared mapping, and what write(2) wrote; a fault may map many pages. */
#include "pages.h"

int main(int count, char **arguments)
{
	static const char full[64 * PAGE] = {1};
	int file = open(arguments[count - 1], O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(file >= 0 && !ftruncate(file, 4 * HUGE));
	char *p = mapped(file, 4 * 512, MAP_SHARED);
	for (size_t at = 0; at < HUGE; at += sizeof full)
		must(pwrite(file, full, sizeof full, 2 * HUGE + at) == sizeof full);
	must(!fsync(file));
	step("mapped", p);
	put(p, 512);
	step("hole-written", p);
	put(p + 2 * HUGE, 256);
	step("file-pages-written", p);
	return 0;
}
