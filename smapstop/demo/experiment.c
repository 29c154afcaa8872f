/*
 * Copy-on-write experiment: a program writes to one page of its own data, and smaps shows the effect.
 *
 * page1 is part of the executable. While it is only read, the page in memory is the page cache's, shared by every
 * process that runs the same file. On the first write the kernel copies it; the copy belongs to this process alone.
 */
#include <stdio.h>
#include <sys/resource.h>

#ifndef PAGE /* the machine's page size: smapstop demo passes it in */
#define PAGE 4096
#endif

static volatile char page1[PAGE] __attribute__((aligned(PAGE))) = {'c'};

static long page_faults(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/* Fill page1 with a letter and return the number of page faults this takes. */
static long fill(char letter)
{
    long before = page_faults();

    for (int i = 0; i < PAGE; i++)
        page1[i] = letter;
    return page_faults() - before;
}

/* The first letter of the next line, or EOF. */
static int next_letter(void)
{
    int letter = getchar(), rest = letter;

    while (rest != '\n' && rest != EOF)
        rest = getchar();
    return letter;
}

int main(void)
{
    char warm[80];
    int letter, written = 0;

    /* fault in the libc code and data used below now, so that later only page1 changes */
    snprintf(warm, sizeof warm, "%d %ld", 1, page_faults());
    setvbuf(stdout, NULL, _IOLBF, 0);
    (void)page1[0]; /* read it first: it is now resident, and still the file's own page */
    printf("Type a letter and Enter: I will write it into page1, %d bytes. (q ends)\n", PAGE);
    while ((letter = next_letter()) != EOF && letter != 'q') {
        long faults = fill((char)letter);

        if (!written) {
            printf("Written: %d bytes, page faults: %ld. The kernel copied the page of the file,\n", PAGE, faults);
            printf("and the copy is mine: Anonymous grew, Rss did not. Write again: what moves?\n");
        } else {
            printf("Written again: page faults: %ld. The page is mine already,\n", faults);
            printf("so nothing moves in smaps. (another letter, or q)\n");
        }
        written = 1;
    }
    return 0;
}
