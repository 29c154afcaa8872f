/* Missing pages are filled by a userfaultfd that only protects pages: copied, or moved from other memory. */
#include "pages.h"
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

int main(void)
{
	char *own = untouched(PAGES), *p = untouched(PAGES), *zeros = untouched(PAGES);
	put(own, PAGES);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { (uintptr_t)p, PAGES * PAGE }, .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_copy copy = { .dst = (uintptr_t)p, .src = (uintptr_t)own, .len = 8 * PAGE };
	struct move move = { .dst = (uintptr_t)p + 32 * PAGE, .src = (uintptr_t)own, .len = 16 * PAGE };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	step("begin", p);
	must(fd >= 0 && !ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &range));
	get(zeros, 16);
	must(!ioctl(fd, UFFDIO_COPY, &copy));
	step("copied", p);
	get(zeros + 16 * PAGE, 32);
	must(!ioctl(fd, MOVE, &move) && !ioctl(fd, UFFDIO_UNREGISTER, &range.range));
	step("moved", p);
	return 0;
}
