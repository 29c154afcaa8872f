/* Threads whose stacks lie in memory of other kinds: in one mapping together, in a malloc arena, in a large heap. */
#include "pages.h"
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#define BYTES (16 * PAGE)

static pthread_barrier_t ready;
static void *in_arena;

static void *waiting(void *gate)
{
	pthread_barrier_wait(gate);
	pause();
	return NULL;
}

static void *allocating(void *gate)
{
	in_arena = aligned_alloc(PAGE, BYTES); /* the first arena of a thread other than the main one */
	return waiting(gate);
}

static void begin(void *stack, void *(*run)(void *))
{
	pthread_t thread;
	pthread_attr_t attributes;
	must(!pthread_attr_init(&attributes));
	must(!stack || !pthread_attr_setstack(&attributes, stack, BYTES));
	must(!pthread_create(&thread, &attributes, run, &ready));
}

static char *alone(size_t pages)
{
	char *p = mmap(NULL, (pages + 64) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED && !mprotect(p + 32 * PAGE, pages * PAGE, PROT_READ | PROT_WRITE)); /* no guard: too large */
	return p + 32 * PAGE;
}

int main(void)
{
	char *together = alone(64), *large = alone(16384), *lone = alone(16);
	must(!pthread_barrier_init(&ready, NULL, 2));
	begin(NULL, allocating);
	pthread_barrier_wait(&ready);
	char *stacks[] = {together, together + BYTES, large, lone, in_arena};
	for (int at = 0; at < 5; at++) {
		begin(stacks[at], waiting);
		pthread_barrier_wait(&ready);
	}
	step("together", together);
	step("large", large);
	step("lone", lone);
	step("arena", in_arena);
	return 0;
}
