/* So many pages of heap, written, and so many pages of a file, read: amounts HEAP FILE PATH. */
#include <fcntl.h>
#include <stdlib.h>

#include "steps.h"

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	long heap_pages = atol(argv[1]), file_pages = atol(argv[2]);
	char *heap = sbrk(heap_pages * PAGE);
	for (long page = 0; page < heap_pages; page++)
		heap[page * PAGE] = 1;
	char *file = mmap(NULL, file_pages * PAGE, PROT_READ, MAP_PRIVATE, open(argv[3], O_RDONLY), 0);
	if (file == MAP_FAILED)
		return 2;
	volatile char sum = 0;
	for (long page = 0; page < file_pages; page++)
		sum += file[page * PAGE];
	step("ready", heap);
	return 0;
}
