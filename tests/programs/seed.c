/* The question that started it all: one page of the program's own data, read, and then written when a letter comes. */
#include <stdio.h>
#include <unistd.h>

static volatile char page1[4096] __attribute__((aligned(4096))) = {'c'};

int main(void)
{
	char letter;

	(void)page1[0];
	puts("type a letter");
	if (scanf(" %c", &letter) != 1)
		return 1;
	for (int i = 0; i < 4096; i++)
		page1[i] = letter;
	puts("written");
	pause();
	return 0;
}
