/* Known functions touch known numbers of pages, or a multiple of them: first, in new threads, after a fork, and in a
 * system call. */
#include "pages.h"
#include <pthread.h>
#include <stdlib.h>

enum { FIRST = 18, SECOND = 12, OF_EACH_THREAD = 5, THREADS = 4, COPIED = 20, READ = 25 };
static size_t times = 1;
static const char backwards[] = "dr0wss4p_t3rc3s_ym"; /* it is the right way round on the stack only */
static char *p;

__attribute__((noinline)) void leaf_touch(char *at, size_t pages)
{
	put(at, pages);
	__asm__ volatile("");
}

__attribute__((noinline)) void first_caller(void)
{
	leaf_touch(p, times * FIRST);
	__asm__ volatile("");
}

__attribute__((noinline)) void second_caller(void)
{
	leaf_touch(p + times * FIRST * PAGE, times * SECOND);
	__asm__ volatile("");
}

__attribute__((noinline)) void *in_thread(void *number)
{
	leaf_touch(p + times * (FIRST + SECOND + OF_EACH_THREAD * (size_t)number) * PAGE, times * OF_EACH_THREAD);
	return NULL;
}

__attribute__((noinline)) void in_child(void)
{
	leaf_touch(p, times * 10);
}

__attribute__((noinline)) void copy_on_write(void)
{
	leaf_touch(p, times * COPIED);
	__asm__ volatile("");
}

int main(int count, char **words)
{
	pthread_t threads[THREADS];
	char *called;
	volatile char secret[sizeof backwards] = {0};
	for (size_t at = 0; at < sizeof backwards - 1; at++)
		secret[at] = backwards[sizeof backwards - 2 - at];
	if (count > 1)
		times = atoi(words[1]);
	p = untouched(512);
	called = untouched(512);
	must(!madvise(p, 512 * PAGE, MADV_NOHUGEPAGE) && !madvise(called, 512 * PAGE, MADV_NOHUGEPAGE));
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
	must(read(zero, called, times * READ * PAGE) == (ssize_t)(times * READ * PAGE));
	step("called", called);
	return secret[0] == 0;
}
