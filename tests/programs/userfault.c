/* Missing pages are filled by userfaultfd: copied, or moved from other memory. */
#include "steps.h"
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

enum { PAGES = 64 };
/* since Linux 6.8, and so not in all headers */
struct move {
	uint64_t dst, src, len, mode;
	int64_t moved;
};
#define MOVE _IOWR(UFFDIO, 0x05, struct move)

/* Faults that leave no trace: as many as what comes would have taken. */
static void read_zeros(char *p, int pages)
{
	for (int i = 0; i < pages; i++)
		(void)*(volatile char *)(p + i * PAGE);
}

int main(void)
{
	char *own = between_guards(PAGES), *p = between_guards(PAGES), *zeros = between_guards(PAGES);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { (uintptr_t)p, PAGES * PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy copy = { .dst = (uintptr_t)p, .src = (uintptr_t)own, .len = 8 * PAGE };
	struct move move = { .dst = (uintptr_t)p + 32 * PAGE, .src = (uintptr_t)own, .len = 16 * PAGE };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	madvise(p, PAGES * PAGE, MADV_DONTNEED);
	madvise(zeros, PAGES * PAGE, MADV_DONTNEED);
	step("begin", p);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		return 2;
	read_zeros(zeros, 16);
	if (ioctl(fd, UFFDIO_COPY, &copy))
		return 2;
	step("copied", p);
	read_zeros(zeros + 16 * PAGE, 32);
	if (ioctl(fd, MOVE, &move))
		return 2;
	step("moved", p);
	return 0;
}
