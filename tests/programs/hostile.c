/* Calls all that it has by names that a careless terminal would obey; argument 1 is a file to map.
 * The name of the variable is as long as the one that the test writes over it. */
#include "steps.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>

#define NAME "\x1b]0;pwn\x07[red]"

static char name_of_a_variable_that_is_replaced[PAGE] __attribute__((aligned(PAGE))) = {1};

static void *thread(void *unused)
{
	prctl(PR_SET_NAME, NAME);
	pause();
	return unused;
}

int main(int argc, char **argv)
{
	char *page = name_of_a_variable_that_is_replaced;
	pthread_t other;
	int file = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	int memory = memfd_create(NAME "\x1b[7m[@click=app.quit]\xe2\x80\xae", 0);
	if (file < 0 || memory < 0 || ftruncate(memory, PAGE) || pthread_create(&other, NULL, thread, NULL))
		return 2;
	char *private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (private == MAP_FAILED || shared == MAP_FAILED)
		return 2;
	prctl(PR_SET_NAME, NAME);
	step("named", page);
	page[0]++, private[0]++, shared[0]++;
	step("\x1b]0;pwn\x07[red]\x1b[7m\x1bP pwn\x1b\\\xe2\x80\xae", page);
	return 0;
}
