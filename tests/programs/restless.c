/* Does one thing without a pause: exec itself, fork a thousand children, map and unmap, or map until it may no more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, MAPPINGS = 64, CHILDREN = 1000 };

static char *mapped(size_t bytes, int protection) {
    return mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void map_and_unmap(void) {
    char *taken[MAPPINGS];
    size_t bytes[MAPPINGS];
    for (int i = 0; i < MAPPINGS; i++) {
        bytes[i] = (1 + rand() % 16) * PAGE;
        taken[i] = mapped(bytes[i], i % 2 ? PROT_READ | PROT_WRITE : PROT_READ);
        if (i % 2) taken[i][0] = 1;
    }
    for (int i = 0; i < MAPPINGS; i++) munmap(taken[i], bytes[i]);
}

int main(int argc, char **argv) {
    const char *what = argc == 2 ? argv[1] : "";
    if (!strcmp(what, "exec")) execv(argv[0], argv);
    while (!strcmp(what, "map")) map_and_unmap();
    if (!strcmp(what, "fork")) {
        for (int i = 0; i < CHILDREN; i++) {
            if (fork() == 0) return pause(); /* until a signal of the terminal, as we */
        }
    } else if (!strcmp(what, "many")) {
        for (size_t i = 0; mapped(PAGE, i % 2 ? PROT_READ : PROT_NONE) != MAP_FAILED; i++) {}
    } else {
        return 2;
    }
    if (write(STDOUT_FILENO, "ready\n", 6) != 6) return 1;
    return pause();
}
