/* Two threads with names and an arena each, that wait; and data that is not in the file. */
#include "pages.h"
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

static char zeroed[64 * PAGE];
static pthread_barrier_t ready;

static void *waiting(void *name)
{
	char *own = malloc(100);
	must(own != NULL && !pthread_setname_np(pthread_self(), name));
	own[0] = 1;
	pthread_barrier_wait(&ready);
	pause();
	return own;
}

int main(void)
{
	pthread_t threads[2];
	put(zeroed, 64);
	pthread_barrier_init(&ready, NULL, 3);
	must(!pthread_create(&threads[0], NULL, waiting, "worker one"));
	must(!pthread_create(&threads[1], NULL, waiting, "worker two"));
	pthread_barrier_wait(&ready);
	step("waiting", zeroed);
	return 0;
}
