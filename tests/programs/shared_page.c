/* With shared_page.ld its two segments of data share one page of the file. Without a C library. */
volatile int first __attribute__((section(".first"))) = 1, variable = 2;

void _start(void)
{
	for (;;)
		variable = first;
}
