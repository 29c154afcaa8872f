/* Dear to read: so many mappings, which cannot merge, and so much resident memory: dear MAPPINGS MIB.
 * At the second step all of it is gone. */
#include <stdlib.h>

#include "steps.h"

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	size_t mappings = atol(argv[1]), resident = (size_t)atol(argv[2]) << 20, all = mappings * PAGE;
	char *many = mmap(NULL, all, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (size_t i = 0; i < mappings; i += 2)
		if (mprotect(many + i * PAGE, PAGE, PROT_NONE))
			return 2;
	char *big = mmap(NULL, resident, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (many == MAP_FAILED || big == MAP_FAILED || madvise(big, resident, MADV_NOHUGEPAGE))
		return 2;
	for (size_t page = 0; page < resident; page += PAGE)
		big[page] = 1;
	step("dear", many);
	munmap(many, all);
	munmap(big, resident);
	step("cheap", many);
	return 0;
}
