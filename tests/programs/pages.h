/* What the programs do to pages. Nothing here moves a page but those that it names. */
#include "steps.h"
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#define HUGE (512 * PAGE)

static inline void must(int holds)
{
	if (!holds)
		_exit(4);
}

/* New pages wait in a list of the processor that mapped them, from where another one can not page them out. */
__attribute__((constructor)) static void stay_on_one_processor(void)
{
	cpu_set_t here;
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	must(!sched_setaffinity(0, sizeof here, &here));
}

static inline void put(char *p, size_t pages)
{
	for (size_t page = 0; page < pages; page++)
		p[page * PAGE] = 1;
}

static inline void get(const char *p, size_t pages)
{
	for (size_t page = 0; page < pages; page++)
		(void)*(const volatile char *)(p + page * PAGE);
}

static inline int resident(const char *p, size_t pages)
{
	uint64_t entry;
	int found = 0, map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	for (size_t page = 0; page < pages; page++, found += entry >> 63)
		must(pread(map, &entry, 8, ((uintptr_t)p / PAGE + page) * 8) == 8);
	close(map);
	return found;
}

/* The kernel passes over pages that somebody looks at in the same moment. */
static inline void page_out(char *p, size_t pages)
{
	for (int tries = 0; resident(p, pages); tries++)
		must(tries < 1000 && !madvise(p, pages * PAGE, MADV_PAGEOUT));
}

/* Anonymous memory that was never touched, between two inaccessible pages. */
static inline char *untouched(size_t pages)
{
	char *guard = mmap(NULL, (pages + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(guard != MAP_FAILED && !mprotect(guard + PAGE, pages * PAGE, PROT_READ | PROT_WRITE));
	return guard + PAGE;
}

/* The same, at an address that a huge page can begin at. */
static inline char *aligned(size_t pages)
{
	char *p = untouched(pages + 512);
	return (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
}

/* A file of so many pages, written back to the disk, and in the page cache. */
static inline int file_of(const char *path, size_t pages)
{
	static const char full[PAGE] = {7};
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(file >= 0);
	for (size_t page = 0; page < pages; page++)
		must(write(file, full, PAGE) == (ssize_t)PAGE);
	must(!fsync(file));
	return file;
}

static inline char *mapped(int file, size_t pages, int flags)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
	must(p != MAP_FAILED);
	return p;
}

static int to_child[2], from_child[2];

/* A child that does what it is told, and then stands still. */
static inline pid_t forked(void (*told)(void))
{
	char byte;
	must(!pipe(to_child) && !pipe(from_child));
	pid_t child = fork();
	if (child == 0) {
		close(to_child[1]); /* so that it ends with its parent, even a killed one */
		if (write(from_child[1], "", 1) != 1)
			_exit(3);
		while (read(to_child[0], &byte, 1) == 1 && byte == 'd') {
			told();
			if (write(from_child[1], "", 1) != 1)
				_exit(3);
		}
		_exit(0);
	}
	must(child > 0 && read(from_child[0], &byte, 1) == 1);
	return child;
}

static inline void tell_child(void)
{
	char byte;
	must(write(to_child[1], "d", 1) == 1 && read(from_child[0], &byte, 1) == 1);
}

/* The child that was told last ends. */
static inline void end(pid_t child)
{
	must(write(to_child[1], "e", 1) == 1 && waitpid(child, NULL, 0) == child);
}
