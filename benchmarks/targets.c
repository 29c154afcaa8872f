/* Targets of the benchmarks: `targets many N`, `big MIB`, `churn MIB`, `faulting MIB`, `working MIB`, `moving N`, `coming N`, `renewed N`, `sparse GIB`,
   `threads N`, `family N`, `mortal N`. Each prints a line when it is ready. "family" are N processes that share 300 mappings, and write a page
   a second; of "mortal", a twentieth ends each second, the oldest first, and as many are forked. On SIGUSR1, "moving" writes one more page in a twentieth of its mappings;
   "churn", "faulting" and "working" print their rounds per second and the longest round in microseconds; "coming" unmaps a twentieth of
   its mappings in one second and maps them again in the next, writing one page of each; "renewed" does so on SIGUSR1. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L
#define PAGES 4

static char *map(long pages, int protection)
{
	char *p = mmap(NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

/* Mappings of four pages, the first of each written; every other one read-only afterwards, so that none merge. */
static char **many(long n)
{
	char **mappings = malloc(n * sizeof *mappings);
	char *all = map(n * PAGES, PROT_READ | PROT_WRITE);
	for (long i = 0; i < n; i++) {
		mappings[i] = all + i * PAGES * PAGE;
		mappings[i][0] = 1;
		if (i % 2 && mprotect(mappings[i], PAGES * PAGE, PROT_READ)) {
			perror("mprotect");
			exit(1);
		}
	}
	return mappings;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

static void move(char **mappings, long n)
{
	sigset_t set;
	int number;
	long round = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ready();
	while (!sigwait(&set, &number)) {
		char *(*at) = mappings;
		for (long i = 0; i < n; i += 40) {  /* every second one can be written: a twentieth of them */
			char *page = at[(i + 2 * (round % 20)) % (n - n % 2)] + PAGE * (1 + round % (PAGES - 1));
			if (*(volatile char *)page == 0)
				*page = 1;
			else
				madvise(page, PAGE, MADV_DONTNEED);
		}
		round++;
		ready();
	}
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

static long calibrated(double seconds)
{
	volatile long n = 0;
	for (clock_t end = clock() + CLOCKS_PER_SEC / 5; clock() < end;)
		for (int i = 0; i < 1000; i++)
			n++;
	return n * (seconds / 0.2);
}

/* Rounds of touching pages that were just mapped (or, faulting, just given back), with so much resident beside them;
   "working" computes for 0.1 ms before each page. */
static void churn(long mib, int faulting, int working)
{
	long much = working ? calibrated(1e-4) : 0;
	char *kept = map(64, PROT_READ | PROT_WRITE), *p = kept;
	double second = now(), begun = second, longest = 0;
	long rounds = 0;

	if (mib)
		memset(map(mib * 256, PROT_READ | PROT_WRITE), 1, mib << 20);
	ready();
	for (;;) {
		if (!faulting)
			p = map(64, PROT_READ | PROT_WRITE);
		for (int i = 0; i < (working ? 8 : 64); i++) {
			for (volatile long n = 0; n < much; n++)
				;
			p[i * PAGE] = 1;
		}
		if (faulting)
			madvise(p, 64 * PAGE, MADV_DONTNEED);
		else
			munmap(p, 64 * PAGE);
		rounds++;
		double end = now();
		if (end - begun > longest)
			longest = end - begun;
		begun = end;
		if (end - second >= 1) {
			printf("%ld %.0f\n", rounds, longest * 1e6);
			fflush(stdout);
			second = begun = now();
			rounds = longest = 0;
		}
	}
}

static void coming(char **mappings, long n, int on_signal)
{
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ready();
	for (long round = 0;; round++) {
		if (on_signal)
			sigwait(&set, &number);
		else
			sleep(1);
		for (long i = round % 40 / 2; i < n; i += 20) {
			if (round % 2 == 0)
				munmap(mappings[i], PAGES * PAGE);
			else if (mmap(mappings[i], PAGES * PAGE, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
				exit(1);
			else if (i % 2 == 0)
				mappings[i][0] = 1;
		}
		if (on_signal)
			ready();
	}
}

/* A page written in every 64 MiB of so much reserved memory. */
static void sparse(long gib)
{
	char *all = map(gib << 18, PROT_READ | PROT_WRITE);
	for (long at = 0; at < gib << 30; at += 64L << 20)
		all[at] = 1;
}

static void *wait_for_ever(void *nothing)
{
	pause();
	return nothing;
}

static void threads(long n)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 10);
	for (long i = 0; i < n; i++)
		if (pthread_create(&thread, &attributes, wait_for_ever, NULL)) {
			perror("pthread_create");
			exit(1);
		}
}

static void write_a_page(char **mappings, long page)
{
	mappings[page % 150 * 2][PAGE * (page / 150 % PAGES)]++;
	sleep(1);
}

/* It ends with the process that forked it. */
static pid_t forked(char **mappings)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (long page = 0;; page++)
		write_a_page(mappings, page);
}

static void family(long n, int mortal)
{
	char **mappings = many(300);
	pid_t *members = calloc(n, sizeof *members);

	for (long i = 1; i < n; i++)
		members[i] = forked(mappings);
	ready();
	for (long page = 0, oldest = 0;; page++) {
		for (long i = 0; mortal && i < n / 20; i++, oldest = (oldest + 1) % (n - 1)) {
			kill(members[1 + oldest], SIGKILL);
			waitpid(members[1 + oldest], NULL, 0);
			members[1 + oldest] = forked(mappings);
		}
		write_a_page(mappings, page);
	}
}

int main(int count, char **arguments)
{
	long n = count > 2 ? atol(arguments[2]) : 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it ends with the benchmark, even a killed one */
	if (!strcmp(arguments[1], "churn") || !strcmp(arguments[1], "faulting") || !strcmp(arguments[1], "working"))
		churn(n, arguments[1][0] != 'c', arguments[1][0] == 'w');
	else if (!strcmp(arguments[1], "moving"))
		move(many(n), n);
	else if (!strcmp(arguments[1], "coming") || !strcmp(arguments[1], "renewed"))
		coming(many(n), n, arguments[1][0] == 'r');
	else if (!strcmp(arguments[1], "sparse"))
		sparse(n);
	else if (!strcmp(arguments[1], "family"))
		family(n, 0);
	else if (!strcmp(arguments[1], "mortal"))
		family(n, 1);
	else if (!strcmp(arguments[1], "threads"))
		threads(n);
	else if (!strcmp(arguments[1], "many"))
		many(n);
	else
		memset(map(n * 256, PROT_READ | PROT_WRITE), 1, n << 20);
	ready();
	pause();
}
