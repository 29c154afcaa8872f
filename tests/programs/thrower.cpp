/* Faults while an exception is on its way: 9 pages by the destructor of what it leaves, 4 by who catches it. */
#include <stdexcept>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static const int PAGE = 4096;
static char *at;

static void step(const char *label, void *address)
{
	printf("%s %p\n", label, address);
	fflush(stdout);
	if (getchar() == EOF)
		exit(0);
}

__attribute__((noinline)) static void touch(int pages)
{
	for (int page = 0; page < pages; page++, at += PAGE)
		*(volatile char *)at = 1;
	__asm__ volatile("" ::: "memory");
}

struct Guard {
	__attribute__((noinline)) ~Guard()
	{
		touch(9);
		__asm__ volatile("" ::: "memory");
	}
};

namespace places {
template <typename T> __attribute__((noinline)) void thrower(T depth)
{
	Guard guard;
	if (depth > 0)
		throw std::runtime_error("thrown");
	__asm__ volatile("" ::: "memory");
}
}

__attribute__((noinline)) static void catcher()
{
	try {
		places::thrower<int>(1);
	} catch (const std::exception &) {
		touch(4);
	}
	__asm__ volatile("" ::: "memory");
}

int main()
{
	char *memory = at = (char *)mmap(0, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	step("ready", memory);
	catcher();
	step("thrown", memory);
}
