/* So small that its code and its data share one page of the file. Without a C library; nobody runs it. */
volatile int variable = 1, zeroed;

void _start(void)
{
	for (;;)
		variable = zeroed;
}
