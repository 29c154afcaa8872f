/* Memory of every kind that a program can map; what this kernel refuses has address 0. The argument is a tmpfs. */
#include "pages.h"
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>

static void map(const char *label, int fd, size_t bytes, int flags, off_t offset)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);
	step(label, p == MAP_FAILED ? NULL : p);
}

static void aio(void)
{
	aio_context_t context = 0;
	step("aio", syscall(SYS_io_setup, 128, &context) ? NULL : (void *)context);
}

int main(int argc, char **argv)
{
	(void)argc;
	struct io_uring_params params = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 8, &params);
	map("io_uring", ring, params.cq_off.cqes + params.cq_entries * 16, MAP_SHARED, IORING_OFF_SQ_RING);
	struct perf_event_attr clock = {.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK, .size = sizeof clock};
	map("perf", (int)syscall(SYS_perf_event_open, &clock, 0, -1, -1, 0), 2 * PAGE, MAP_SHARED, 0);
	aio();
	int zero = open("/dev/zero", O_RDWR);
	map("zero-private", zero, PAGE, MAP_PRIVATE, 0);
	map("zero-shared", zero, PAGE, MAP_SHARED, 0);
	map("huge-private", -1, 2 << 20, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, 0);
	map("huge-shared", -1, 2 << 20, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, 0);
	int secret = (int)syscall(447, 0); /* memfd_secret */
	if (secret >= 0)
		must(!ftruncate(secret, PAGE));
	map("secret", secret, PAGE, MAP_SHARED, 0);
	int file = open(argv[1], O_RDWR | O_CREAT, 0600);
	must(!ftruncate(file, PAGE));
	map("tmpfs", file, PAGE, MAP_SHARED, 0);
	must(!unlink(argv[1]));
	map("tmpfs-deleted", file, PAGE, MAP_PRIVATE, 0);
	return 0;
}
