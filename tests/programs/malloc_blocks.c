/* Large blocks of glibc's malloc, heaps of an arena that has two, and memory that only looks like blocks. */
#include "pages.h"
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#define LARGE (1024 * PAGE)
#define SMALL (25 * PAGE)

static char *last;
static pthread_barrier_t ready;

static void *fill_two_heaps(void *unused)
{
	for (size_t bytes = 0; bytes < 80 << 20; bytes += SMALL)
		must((last = malloc(SMALL)) != NULL);
	pthread_barrier_wait(&ready);
	pause();
	return unused;
}

/* Memory of 200 pages that begins as a block of so many would. */
static char *like_block(size_t pages)
{
	size_t *p = (size_t *)untouched(200);
	p[1] = pages * PAGE + 2;
	return (char *)p;
}

int main(int count, char **unused)
{
	(void)unused;
	must(mallopt(M_MMAP_THRESHOLD, 128 << 10));
	char *one = malloc(LARGE), *two = malloc(2 * LARGE);
	must(one && two);
	step("one", one);
	step("two", two);
	char *whole = like_block(200);
	step("whole", whole);
	step("nearly-whole", like_block(175));
	step("half", like_block(100));
	step("less", like_block(99));
	step("more", like_block(201));
	char *unknown = untouched(200);
	put(unknown, 1);
	step("unknown", unknown);
	step("untouched", untouched(200));
	if (count > 1) {
		page_out(whole, 1);
		step("paged-out", whole);
	}
	pthread_t thread;
	pthread_barrier_init(&ready, NULL, 2);
	must(!pthread_create(&thread, NULL, fill_two_heaps, NULL));
	pthread_barrier_wait(&ready);
	step("heaps", last);
	return 0;
}
