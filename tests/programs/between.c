/* Memory grows in known functions, in as many pages as the test computes with: in mappings that were there, in a new
 * one, in huge pages, and while other memory is given up. */
#include "pages.h"

enum { SMALL = 5120, FEW = 1024, LET_GO = 4096, NEW = 2048, HUGE_PAGES = 10, AT_ONCE = 128 };

/* So slowly that each fault can be sampled. */
__attribute__((noinline)) void fill(char *at, size_t pages)
{
	for (size_t page = 0; page < pages; page += AT_ONCE) {
		put(at + page * PAGE, AT_ONCE);
		usleep(10000);
	}
}

__attribute__((noinline)) void fill_huge(char *at, size_t count)
{
	for (size_t number = 0; number < count; number++)
		at[number * HUGE] = 1;
	__asm__ volatile("");
}

int main(void)
{
	char *p = untouched(2 * SMALL), *given = untouched(LET_GO), *huge = aligned(HUGE_PAGES * 512);
	must(!madvise(p, 2 * SMALL * PAGE, MADV_NOHUGEPAGE) && !madvise(given, LET_GO * PAGE, MADV_NOHUGEPAGE));
	must(!madvise(huge, HUGE_PAGES * HUGE, MADV_HUGEPAGE));
	put(given, LET_GO);
	put(sbrk(PAGE), 1);
	step("mapped", p);
	fill(p, SMALL);
	step("grown", p);
	must(!madvise(given, LET_GO * PAGE, MADV_DONTNEED));
	fill(p + SMALL * PAGE, FEW);
	step("shrunk", p);
	char *new = untouched(NEW);
	must(!madvise(new, NEW * PAGE, MADV_NOHUGEPAGE));
	fill(new, NEW);
	step("mapped-another", new);
	char *top = sbrk(NEW * PAGE);
	must(top != (char *)-1);
	fill(top, NEW);
	step("heap-grown", top);
	fill_huge(huge, HUGE_PAGES);
	step("made-huge", huge);
	return 0;
}
