/* A family at work: heartbeat FILE. It, two children, and one that is forked again as soon as it ends count in FILE,
 * 8 bytes each, and touch fresh pages in functions of known names. It ignores SIGHUP: its terminal may go.
 */
#include "steps.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define NOT_INLINED __attribute__((noinline, noclone))

static volatile unsigned long *beats;

NOT_INLINED static void touch(char *at, int pages)
{
	for (int page = 0; page < pages; page++)
		at[PAGE * page] = 1;
}

NOT_INLINED static void beat(int who)
{
	char *fresh = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	touch(fresh, 8);
	munmap(fresh, 8 * PAGE);
	beats[who]++;
	usleep(5000);
}

static void begin(int who, long most)
{
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (long beaten = 0; beaten != most; beaten++)
		beat(who);
	_exit(0);
}

int main(int count, char **arguments)
{
	int fd = count > 1 ? open(arguments[1], O_RDWR) : -1;

	beats = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (beats == MAP_FAILED)
		return 1;
	close(fd);
	signal(SIGHUP, SIG_IGN);
	begin(1, -1);
	begin(2, -1);
	for (begin(3, 20);; beat(0))
		if (waitpid(-1, NULL, WNOHANG) > 0)
			begin(3, 20);
}
