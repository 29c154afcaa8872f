/* Faults 64 pages in each 10 ms, of which each has a stack of 15 frames; see unwinding.py. */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAGES 64

static char *memory;

static __attribute__((noinline)) void down(int depth)
{
	if (depth > 0)
		down(depth - 1);
	else
		for (int page = 0; page < PAGES; page++)
			*(volatile char *)(memory + 4096 * page) = 1;
	__asm__ volatile("" ::: "memory");
}

int main(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it ends with the benchmark, even a killed one */
	memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(memory, PAGES * 4096, MADV_NOHUGEPAGE);
	puts("ready");
	fflush(stdout);
	for (;;) {
		down(10);
		madvise(memory, PAGES * 4096, MADV_DONTNEED);
		usleep(10000);
	}
}
