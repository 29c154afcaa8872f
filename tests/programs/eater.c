/* Moves to the control group whose cgroup.procs is named, and then takes so many MiB. */
#include <fcntl.h>
#include <stdlib.h>

#include "steps.h"

int main(int count, char **words)
{
	step("started", 0);
	int group = count == 3 ? open(words[1], O_WRONLY) : -1;
	if (group < 0 || write(group, "0", 1) != 1)
		return 2;
	step("moved", 0);
	step("full", between_guards((size_t)atol(words[2]) * 256));
	return 0;
}
