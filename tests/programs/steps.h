/* A program under test stands still at each step: it says one line and waits for a byte.
 * No stdio and no malloc here: saying so must not move the memory map. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

static void say(const char *label, const void *address)
{
	char line[64];
	size_t n = 0;
	while (*label)
		line[n++] = *label++;
	line[n++] = ' ';
	for (int shift = 60; shift >= 0; shift -= 4)
		line[n++] = "0123456789abcdef"[(uintptr_t)address >> shift & 15];
	line[n++] = '\n';
	if (write(1, line, n) != (ssize_t)n)
		_exit(3);
}

static inline void step(const char *label, const void *address)
{
	char byte;
	say(label, address);
	if (read(0, &byte, 1) != 1)
		_exit(0);
}

/* Written pages of anonymous memory between two inaccessible ones, which no neighbour can merge with. */
static inline char *between_guards(size_t pages)
{
	char *guard = mmap(NULL, (pages + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guard == MAP_FAILED || mprotect(guard + PAGE, pages * PAGE, PROT_READ | PROT_WRITE))
		_exit(2);
	for (size_t page = 1; page <= pages; page++)
		guard[page * PAGE] = 1;
	return guard + PAGE;
}
