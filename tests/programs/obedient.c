/* Does what it is told, a line at a time, to memory that is named by slots; a child does the same for `in CHILD …`.
 * Arguments: a directory on a disk, and one on a tmpfs. What is impossible is answered with `no` or `fault`. */
#include "pages.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/shm.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

enum { SLOTS = 8, CHILDREN = 4, LINE = 128 };

static struct slot {
	char *at;
	size_t pages;
	int file;
} slots[SLOTS];
static struct child {
	pid_t pid;
	int to, from;
} children[CHILDREN];
static int from = 0, to = 1, is_child;
static const char *disk, *memory;
static sigjmp_buf out_of_fault;
static int files;

static void faulted(int signal)
{
	(void)signal;
	siglongjmp(out_of_fault, 1);
}

static int read_line(int fd, char *line)
{
	size_t n = 0;
	while (n < LINE - 1 && read(fd, line + n, 1) == 1)
		if (line[n++] == '\n') {
			line[n] = 0;
			return 1;
		}
	return 0;
}

static void answer(const char *word, const void *address)
{
	char line[LINE];
	int n = snprintf(line, sizeof line, "%s %lx\n", word, (unsigned long)address);
	if (write(to, line, n) != n)
		_exit(3);
}

static int new_file(const char *directory, size_t pages)
{
	char path[LINE];
	snprintf(path, sizeof path, "%s/%d-%d", directory, getpid(), files++);
	return file_of(path, pages);
}

static int memory_file(const char *name, unsigned flags, size_t pages)
{
	int file = memfd_create(name, flags);
	return file >= 0 && ftruncate(file, pages * PAGE) ? -1 : file;
}

static char *of_file(struct slot *slot, int file, size_t pages, int flags)
{
	slot->file = file;
	return file < 0 ? MAP_FAILED : mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
}

static char *new_segment(size_t pages)
{
	int id = shmget(IPC_PRIVATE, pages * PAGE, IPC_CREAT | 0600);
	char *at = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	return at;
}

static char *map(struct slot *slot, const char *kind, size_t pages)
{
	int anonymous = MAP_ANONYMOUS | MAP_NORESERVE, usual = PROT_READ | PROT_WRITE;
	slot->file = -1;
	if (!strcmp(kind, "private"))
		return untouched(pages);
	if (!strcmp(kind, "bare"))
		return mmap(NULL, pages * PAGE, usual, MAP_PRIVATE | anonymous, -1, 0);
	if (!strcmp(kind, "huge")) {
		char *at = aligned(pages);
		return madvise(at, pages * PAGE, MADV_HUGEPAGE) ? MAP_FAILED : at;
	}
	if (!strcmp(kind, "shared"))
		return mmap(NULL, pages * PAGE, usual, MAP_SHARED | anonymous, -1, 0);
	if (!strcmp(kind, "segment"))
		return new_segment(pages);
	if (!strcmp(kind, "file"))
		return of_file(slot, new_file(disk, pages), pages, MAP_PRIVATE);
	if (!strcmp(kind, "shared-file"))
		return of_file(slot, new_file(disk, pages), pages, MAP_SHARED);
	if (!strcmp(kind, "tmpfs"))
		return of_file(slot, new_file(memory, pages), pages, MAP_PRIVATE);
	if (!strcmp(kind, "shared-tmpfs"))
		return of_file(slot, new_file(memory, pages), pages, MAP_SHARED);
	if (!strcmp(kind, "memfd"))
		return of_file(slot, memory_file("arena", 0, pages), pages, MAP_SHARED);
	if (!strcmp(kind, "private-memfd"))
		return of_file(slot, memory_file("arena", 0, pages), pages, MAP_PRIVATE);
	if (!strcmp(kind, "hugetlb"))
		return mmap(NULL, pages * PAGE, usual, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (!strcmp(kind, "shared-hugetlb"))
		return of_file(slot, memory_file("large", MFD_HUGETLB, pages), pages, MAP_SHARED);
	return MAP_FAILED;
}

static int advice_of(const char *name)
{
	static const struct { const char *name; int advice; } all[] = {
		{"dontneed", MADV_DONTNEED}, {"free", MADV_FREE}, {"cold", 20}, {"pageout", 21}, {"populate-read", 22},
		{"populate-write", 23}, {"collapse", 25}, {"hugepage", MADV_HUGEPAGE}, {"nohugepage", MADV_NOHUGEPAGE},
		{"dontfork", MADV_DONTFORK}, {"dofork", MADV_DOFORK}, {"wipeonfork", 18}, {"keeponfork", 19},
		{"mergeable", MADV_MERGEABLE}, {"unmergeable", MADV_UNMERGEABLE}, {"remove", MADV_REMOVE},
		{"willneed", MADV_WILLNEED}, {"guard", 102}, {"unguard", 103},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcmp(name, all[i].name))
			return all[i].advice;
	return -1;
}

/* Part of a mapping, moved to an address of its own. */
static char *moved(char *at, size_t pages)
{
	char *place = untouched(pages);
	return mremap(at, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
}

static void obey(char *line);

static int fork_child(struct child *child)
{
	int down[2], up[2];
	if (is_child || child->pid || pipe(down) || pipe(up))
		return -1;
	child->pid = fork();
	if (child->pid == 0) {
		char line[LINE];
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		is_child = 1, from = down[0], to = up[1];
		close(down[1]), close(up[0]);
		answer("ok", NULL);
		while (read_line(from, line))
			obey(line);
		_exit(0);
	}
	close(down[0]), close(up[1]);
	child->to = down[1], child->from = up[0];
	char line[LINE];
	return read_line(child->from, line) ? 0 : -1;
}

static int end_child(struct child *child)
{
	if (!child->pid || write(child->to, "exit\n", 5) != 5)
		return -1;
	int ended = waitpid(child->pid, NULL, 0) == child->pid;
	close(child->to), close(child->from);
	child->pid = 0;
	return ended ? 0 : -1;
}

static void tell(struct child *child, const char *command)
{
	char line[LINE];
	ssize_t n = strlen(command);
	if (!child->pid || write(child->to, command, n) != n || !read_line(child->from, line))
		answer("no", NULL);
	else if (write(to, line, strlen(line)) < 0)
		_exit(3);
}

/* Commands about memory of a slot that is mapped; 0 when done. */
static int handle(struct slot *slot, const char *what, size_t first, size_t count, const char *word)
{
	char *at = slot->at + first * PAGE;
	size_t bytes = count * PAGE;
	if (first + count > slot->pages)
		return -1;
	if (!strcmp(what, "put"))
		return put(at, count), 0;
	if (!strcmp(what, "get"))
		return get(at, count), 0;
	if (!strcmp(what, "advise"))
		return madvise(at, bytes, advice_of(word));
	if (!strcmp(what, "protect"))
		return mprotect(at, bytes, word[0] == 'n' ? PROT_NONE : word[1] == 'w' ? PROT_READ | PROT_WRITE : PROT_READ);
	if (!strcmp(what, "lock"))
		return mlock2(at, bytes, word[0] == 'o' ? MLOCK_ONFAULT : 0);
	if (!strcmp(what, "unlock"))
		return munlock(at, bytes);
	if (!strcmp(what, "sync"))
		return msync(at, bytes, MS_SYNC);
	if (!strcmp(what, "unmap"))
		return munmap(at, bytes);
	if (!strcmp(what, "punch"))
		return fallocate(slot->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first * PAGE, bytes);
	if (!strcmp(what, "allocate"))
		return fallocate(slot->file, 0, first * PAGE, bytes);
	if (!strcmp(what, "truncate"))
		return ftruncate(slot->file, first * PAGE);
	if (!strcmp(what, "flush"))
		return fsync(slot->file) || posix_fadvise(slot->file, 0, 0, POSIX_FADV_DONTNEED);
	if (!strcmp(what, "file-write")) {
		static const char full[PAGE] = {9};
		for (size_t page = first; page < first + count; page++)
			if (pwrite(slot->file, full, PAGE, page * PAGE) != (ssize_t)PAGE)
				return -1;
		return 0;
	}
	return -1;
}

/* Commands that put memory into a slot: of its own, another's, or what was elsewhere. */
static char *place(struct slot *slot, const char *what, size_t first, size_t count, const char *word)
{
	struct slot *other = &slots[atoi(word) % SLOTS];
	if (!strcmp(what, "map"))
		return map(slot, word, count);
	if (!strcmp(what, "view") && other->at && other->file >= 0)
		return of_file(slot, other->file, count, first ? MAP_PRIVATE : MAP_SHARED);
	if (first + count > other->pages && strcmp(what, "resize"))
		return MAP_FAILED;
	if (!strcmp(what, "keep")) {
		slot->file = other->file;
		return mremap(other->at, count * PAGE, count * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	}
	if (!strcmp(what, "part")) {
		slot->file = -1;
		return moved(other->at + first * PAGE, count);
	}
	if (!strcmp(what, "resize") && first == slot->pages)
		return mremap(slot->at, first * PAGE, count * PAGE, MREMAP_MAYMOVE);
	return MAP_FAILED;
}

static void obey(char *line)
{
	char what[LINE] = "", word[LINE] = "";
	unsigned number = 0;
	size_t first = 0, count = 0;
	errno = 0;
	if (sscanf(line, "in %u", &number) == 1)
		return tell(&children[number % CHILDREN], strchr(strchr(line, ' ') + 1, ' ') + 1);
	if (sscanf(line, "%s %u %zu %zu %s", what, &number, &first, &count, word) < 1)
		return answer("no", NULL);
	struct slot *slot = &slots[number % SLOTS];
	if (!strcmp(what, "exit"))
		_exit(0);
	if (!strcmp(what, "fork"))
		return answer(fork_child(&children[number % CHILDREN]) ? "no" : "ok", NULL);
	if (!strcmp(what, "end"))
		return answer(end_child(&children[number % CHILDREN]) ? "no" : "ok", NULL);
	if (sigsetjmp(out_of_fault, 1))
		return answer("fault", slot->at); /* of a page that is not there, or not to be written */
	struct slot found = *slot;
	char *at = place(&found, what, first, count, word);
	if (at != MAP_FAILED && at != NULL) {
		found.at = at, found.pages = count;
		*slot = found;
		return answer("ok", at);
	}
	answer(slot->at && !handle(slot, what, first, count, word) ? "ok" : "no", slot->at);
}

int main(int count, char **arguments)
{
	char line[LINE];
	must(count == 3);
	disk = arguments[1], memory = arguments[2];
	struct sigaction action = {.sa_handler = faulted};
	must(!sigaction(SIGSEGV, &action, NULL) && !sigaction(SIGBUS, &action, NULL));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	answer("ready", NULL);
	while (read_line(from, line))
		obey(line);
	return 0;
}
