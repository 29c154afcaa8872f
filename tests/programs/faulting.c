/* Known functions touch known numbers of pages: first, in new threads, after a fork, and in a system call. */
#include "pages.h"
#include <pthread.h>
#include <sys/uio.h>

enum { WRITTEN = 300, OF_EACH_THREAD = 25, THREADS = 4, COPIED = 60, READ = 40 };
static char *p;

__attribute__((noinline)) void leaf_touch(char *at, size_t pages)
{
	put(at, pages);
	__asm__ volatile("");
}

__attribute__((noinline)) void first_caller(void)
{
	leaf_touch(p, WRITTEN - 100);
	__asm__ volatile("");
}

__attribute__((noinline)) void second_caller(void)
{
	leaf_touch(p + (WRITTEN - 100) * PAGE, 100);
	__asm__ volatile("");
}

__attribute__((noinline)) void *in_thread(void *number)
{
	leaf_touch(p + (WRITTEN + OF_EACH_THREAD * (size_t)number) * PAGE, OF_EACH_THREAD);
	return NULL;
}

__attribute__((noinline)) void in_child(void)
{
	leaf_touch(p, 30);
}

__attribute__((noinline)) void copy_on_write(void)
{
	leaf_touch(p, COPIED);
	__asm__ volatile("");
}

int main(void)
{
	pthread_t threads[THREADS];
	char *called;
	p = untouched(512);
	called = untouched(64);
	must(!madvise(p, 512 * PAGE, MADV_NOHUGEPAGE) && !madvise(called, 64 * PAGE, MADV_NOHUGEPAGE));
	step("mapped", p);
	first_caller();
	second_caller();
	step("written", p);
	for (size_t number = 0; number < THREADS; number++)
		must(!pthread_create(&threads[number], NULL, in_thread, (void *)number));
	for (size_t number = 0; number < THREADS; number++)
		must(!pthread_join(threads[number], NULL));
	step("threads", p);
	forked(in_child);
	copy_on_write();
	tell_child();
	step("copied", p);
	int zero = open("/dev/zero", O_RDONLY);
	must(read(zero, called, READ * PAGE) == (ssize_t)(READ * PAGE));
	step("called", called);
	return 0;
}
