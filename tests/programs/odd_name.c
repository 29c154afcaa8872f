/* Calls itself what a careless reader of stat would trip over. */
#include <sys/prctl.h>
#include "steps.h"

int main(void)
{
	prctl(PR_SET_NAME, "a) R 1 (b\n");
	step("named", main);
	return 0;
}
