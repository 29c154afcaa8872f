/* Pages of hugetlb: touched, shared with a child, copied by both, given up; and shared ones. Needs seven of them. */
#include "pages.h"

static char *p;

static void write_first(void)
{
	put(p, 1);
}

int main(void)
{
	int flags = MAP_ANONYMOUS | MAP_HUGETLB;
	p = mmap(NULL, 3 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | flags, -1, 0);
	char *q = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | flags, -1, 0);
	must(p != MAP_FAILED && q != MAP_FAILED);
	step("mapped", p);
	put(p, 512 * 3);
	step("touched", p);
	pid_t child = forked(write_first);
	step("forked", p);
	tell_child();
	step("child-wrote", p);
	put(p + HUGE, 1);
	step("parent-wrote", p);
	end(child);
	step("child-ended", p);
	must(!madvise(p, HUGE, MADV_DONTNEED));
	step("given-up", p);
	put(q, 1);
	step("shared-touched", q);
	must(!munmap(q, 2 * HUGE));
	step("shared-unmapped", q);
	must(!munmap(p + HUGE, HUGE));
	step("middle-unmapped", p);
	return 0;
}
