/* Children by vfork, posix_spawn, fork and exec; and with memory that they do not get, or get empty. */
#include "pages.h"
#include <signal.h>
#include <spawn.h>

extern char **environ;
static char *p;
static char *const sleeping[] = {"sleep", "60", NULL};

static void nothing(void)
{
}

static void reap(pid_t child)
{
	must(child > 0 && !kill(child, 9) && waitpid(child, NULL, 0) == child);
}

int main(void)
{
	pid_t child;
	p = between_guards(60);
	step("before", p);
	child = vfork();
	if (child == 0)
		execv("/bin/sleep", sleeping), _exit(1);
	step("vfork", p);
	reap(child);
	must(!posix_spawn(&child, "/bin/sleep", NULL, NULL, sleeping, environ));
	step("spawn", p);
	reap(child);
	must(!madvise(p, 30 * PAGE, MADV_DONTFORK));
	child = forked(nothing);
	step("forked-half-of-it", p + 30 * PAGE);
	end(child);
	step("child-ended", p + 30 * PAGE);
	must(!madvise(p, 60 * PAGE, MADV_DOFORK) && !madvise(p, 20 * PAGE, MADV_WIPEONFORK));
	child = forked(nothing);
	step("forked-wiped", p + 20 * PAGE);
	end(child);
	step("wiped-child-ended", p + 20 * PAGE);
	return 0;
}
