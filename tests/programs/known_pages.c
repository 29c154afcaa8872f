/* Variables on pages that are known: page1 is written, then page2. A program, and the library of known_user.c. */
#include "pages.h"

#define ON_A_NEW_PAGE __attribute__((aligned(PAGE)))

volatile char page1[PAGE] ON_A_NEW_PAGE = {1};
static volatile char page2[PAGE] ON_A_NEW_PAGE = {2};
volatile int crowd1 ON_A_NEW_PAGE = 1;
extern volatile int crowd_again __attribute__((weak, alias("crowd1")));
static volatile int crowd2 = 2, crowd3 = 3, crowd4 = 4, crowd5 = 5, crowd6 = 6;
static volatile char wide[3 * PAGE] ON_A_NEW_PAGE = {3};
static __thread int of_thread = 7;

void known_pages(void)
{
	(void)(crowd2 + crowd3 + crowd4 + crowd5 + crowd6 + of_thread);
	get((const char *)page1, 6);
	step("loaded", (const char *)page1);
	for (size_t i = 0; i < PAGE; i++)
		page1[i] = 'x';
	step("page1", (const char *)page1);
	page2[0] = 'x';
	wide[PAGE] = 'x';
	step("page2-and-wide", (const char *)page1);
}

int main(void)
{
	known_pages();
	return 0;
}
