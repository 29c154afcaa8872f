/* A child has the kernel take its parent's pages (process_madvise); needs swap. The parent does nothing meanwhile. */
#include "pages.h"
#include <sys/syscall.h>
#include <sys/uio.h>

static char *p, *f;
static pid_t parent;

static void take(void)
{
	int handle = syscall(SYS_pidfd_open, parent, 0);
	struct iovec parts[] = {{p, 16 * PAGE}, {f, 16 * PAGE}};
	must(syscall(SYS_process_madvise, handle, parts, 2, 21, 0) > 0);
	must(!close(handle));
}

int main(int count, char **arguments)
{
	parent = getpid();
	f = mapped(file_of(arguments[count - 1], 16), 16, MAP_PRIVATE);
	p = untouched(16);
	pid_t child = forked(take);
	put(p, 16);
	get(f, 16);
	step("before", p);
	tell_child();
	step("taken", p);
	get(p, 16);
	step("back", p);
	end(child);
	step("child-ended", p);
	return 0;
}
