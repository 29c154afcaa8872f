/* What a shared-memory object holds, and what of it is mapped: by each way of making one. */
#include "pages.h"
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>

static int file;
static char *view;

static int memfd(void)
{
	must((file = memfd_create("ram", MFD_CLOEXEC)) >= 0);
	return file;
}

static int posix(const char *path)
{
	must((file = open(path, O_RDWR | O_CREAT | O_EXCL, 0600)) >= 0);
	return file;
}

static void punch(size_t first, size_t pages)
{
	must(!fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first * PAGE, pages * PAGE));
}

static void drop(char *p, size_t pages)
{
	must(!madvise(p, pages * PAGE, MADV_DONTNEED));
}

/* memfd|PATH: 400 pages of a memfd, or of a file on tmpfs. */
static void one_view(int closed)
{
	must(!ftruncate(file, 400 * PAGE));
	char *p = mapped(file, 400, MAP_SHARED);
	if (closed)
		must(!close(file));
	step("mapped", p);
	put(p, 200);
	step("written", p);
	drop(p, 100);
	step("dropped", p);
	put(p, 64);
	step("again", p);
	if (closed)
		return;
	punch(120, 50);
	step("punched", p);
	put(p + 110 * PAGE, 40);
	step("partly-new", p);
	must(!ftruncate(file, 100 * PAGE));
	step("truncated", p);
	must(!ftruncate(file, 400 * PAGE));
	char page[PAGE] = {1};
	must(pwrite(file, page, PAGE, 300 * PAGE) == PAGE);
	(void)*(volatile char *)(p + 300 * PAGE);
	step("write-call", p);
	put(p + 350 * PAGE, 10);
	drop(p, 10);
	step("both", p);
}

/* two: a writable and an executable view of one memfd, as a JIT has them. */
static void two_views(void)
{
	must(!ftruncate(memfd(), 64 * PAGE));
	char *w = mapped(file, 64, MAP_SHARED), *x = mmap(NULL, 64 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
	must(x != MAP_FAILED);
	put(w, 4);
	get(x, 4);
	step("begin", w);
	put(w + 4 * PAGE, 8);
	step("writable", w);
	get(x + 4 * PAGE, 8);
	step("executable", x);
	put(w + 12 * PAGE, 8);
	get(x + 12 * PAGE, 8);
	step("both", w);
	step("executable-now", x);
	punch(0, 16);
	step("punched", w);
}

/* private: a private view of a memfd. */
static void private_view(void)
{
	must(!ftruncate(memfd(), 400 * PAGE));
	char *p = mapped(file, 400, MAP_SHARED);
	put(p, 200);
	step("written", p);
	char *q = mapped(file, 400, MAP_PRIVATE);
	get(q, 100);
	step("read", q);
	put(q, 50);
	step("copied", q);
	drop(q, 25);
	step("copies-dropped", q);
	drop(q + 50 * PAGE, 50);
	step("unmapped", q);
	get(q + 300 * PAGE, 16);
	step("hole-read", q);
}

/* sysv: a System V segment. */
static void sysv(void)
{
	int id = shmget(IPC_PRIVATE, 400 * PAGE, 0600 | IPC_CREAT);
	must(id >= 0);
	char *p = shmat(id, NULL, 0);
	must(p != (void *)-1 && !shmctl(id, IPC_RMID, NULL));
	step("attached", p);
	put(p, 100);
	step("written", p);
	drop(p, 40);
	step("dropped", p);
	put(p, 20);
	step("again", p);
}

/* anonymous: MAP_SHARED | MAP_ANONYMOUS, which no file descriptor refers to. */
static void anonymous(void)
{
	step("begin", &file);
	char *p = mmap(NULL, 400 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	put(p, 10);
	step("new", p);
	put(p + 10 * PAGE, 100);
	step("written", p);
	drop(p, 40);
	step("dropped", p);
	put(p, 20);
	step("again", p);
}

static void touch_first(void)
{
	put(view, 100);
}

/* child: another process touches the pages first. */
static void child(void)
{
	must(!ftruncate(memfd(), 400 * PAGE));
	view = mapped(file, 400, MAP_SHARED);
	pid_t other = forked(touch_first);
	step("begin", view);
	tell_child();
	step("by-the-child", view);
	put(view, 60);
	step("by-the-parent", view);
	tell_child();
	end(other);
	step("child-ended", view);
}

int main(int count, char **arguments)
{
	const char *kind = count > 1 ? arguments[1] : "";
	if (!strcmp(kind, "memfd"))
		memfd(), one_view(0);
	else if (!strcmp(kind, "closed"))
		memfd(), one_view(1);
	else if (!strcmp(kind, "two"))
		two_views();
	else if (!strcmp(kind, "private"))
		private_view();
	else if (!strcmp(kind, "sysv"))
		sysv();
	else if (!strcmp(kind, "anonymous"))
		anonymous();
	else if (!strcmp(kind, "child"))
		child();
	else
		posix(kind), one_view(0);
	return 0;
}
