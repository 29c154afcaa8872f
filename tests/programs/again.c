/* Becomes the same program again, with one argument more (exec), and ends with as many as its status. */
#include "steps.h"

int main(int count, char **arguments)
{
	char *mine = between_guards(3);
	step("running", mine);
	if (count < 3)
		execl("/proc/self/exe", arguments[0], "more", count == 2 ? "more" : NULL, NULL);
	return count;
}
