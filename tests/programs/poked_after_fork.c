/* A child writes to memory of its parent, from outside, that it shares with it since the fork. */
#include "pages.h"
#include <sys/prctl.h>
#include <sys/uio.h>

static char *p;

static void write_to_parent(void)
{
	struct iovec own = {"", 1}, there = {p, 1};
	for (int page = 0; page < 8; page++, there.iov_base = (char *)there.iov_base + PAGE)
		must(process_vm_writev(getppid(), &own, 1, &there, 1, 0) == 1);
}

int main(void)
{
	p = untouched(32);
	put(p, 32);
	pid_t child = forked(write_to_parent);
	prctl(PR_SET_PTRACER, child, 0, 0, 0); /* where Yama forbids it else */
	step("forked", p);
	tell_child();
	step("written", p);
	end(child);
	step("child-ended", p);
	return 0;
}
