/* Without a C library, so that it can be built for 32 bits wherever the compiler can do that. Nobody runs it. */
static volatile char page1[4096] __attribute__((aligned(4096))) = {1};
volatile int variable = 2;

void _start(void)
{
	for (;;)
		variable = page1[0];
}
