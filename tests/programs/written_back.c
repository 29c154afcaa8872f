/* The dirty pages of a file leave memory: written back and reclaimed, or given up. usage: written_back FILE */
#include "pages.h"

enum { PAGES = 24 };

static void write_all(char *p)
{
	for (int i = 0; i < PAGES; i++)
		*(volatile char *)(p + i * PAGE) = 1;
}

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
	if (fd < 0 || ftruncate(fd, PAGES * PAGE))
		return 2;
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return 2;
	write_all(p);
	step("written", p);
	must(!fsync(fd));
	page_out(p, PAGES);
	step("reclaimed", p);
	write_all(p);
	step("dirty", p);
	if (madvise(p, PAGES * PAGE, MADV_DONTNEED))
		return 2;
	step("given-up", p);
	return 0;
}
