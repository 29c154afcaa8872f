/* The main thread ends and the other one goes on: /proc/PID/smaps is empty then, though the process lives. */
#include <pthread.h>
#include "steps.h"

static pthread_t first;

static void *go_on(void *unused)
{
	if (pthread_join(first, NULL))
		_exit(2);
	step("alone", &first);
	_exit(7);
	return unused;
}

int main(void)
{
	pthread_t other;
	first = pthread_self();
	if (pthread_create(&other, NULL, go_on, NULL))
		return 2;
	step("both", &first);
	pthread_exit(NULL);
}
