/* Zeroed variables on pages that are known, behind the page of the file. A program, and the library of known_user.c. */
#include "pages.h"
#include <stdlib.h>

#define ON_A_NEW_PAGE __attribute__((aligned(PAGE)))

volatile int initialized = 1;
static volatile char zeroed1[PAGE] ON_A_NEW_PAGE, zeroed2[2 * PAGE] ON_A_NEW_PAGE;

void known_pages(void)
{
	zeroed1[0] = zeroed2[0] = initialized;
	*(volatile char *)malloc(1) = 1;
	step("zeroed1", (const char *)zeroed1);
}

int main(void)
{
	known_pages();
	return 0;
}
