/* Functions that the compiler inlines, one into the other; the innermost touches 20 pages. */
#include "pages.h"

#define INLINED static inline __attribute__((always_inline))

struct table {
	char *pages;
	size_t count;
};

INLINED void fill(char *p, size_t pages)
{
	for (size_t page = 0; page < pages; page++)
		((volatile char *)p)[page * PAGE] = 1; /* touched */
}

INLINED void remember(struct table *table, size_t pages)
{
	if (table->count)
		fill(table->pages, pages); /* filled */
	table->count += pages;
}

__attribute__((noinline)) static void serve(struct table *table, size_t pages)
{
	remember(table, pages); /* remembered */
	if (table->count > 1000)
		remember(table, pages - 1);
}

int main(int argc, char **argv)
{
	struct table table = {untouched(20), (size_t)argc};
	(void)argv;
	step("ready", table.pages);
	serve(&table, 20); /* served */
	step("filled", table.pages);
	return 0;
}
