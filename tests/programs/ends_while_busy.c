/* A child that shares everything ends, while its parent writes to some of it, and to other memory. */
#include "pages.h"

static void nothing(void)
{
}

int main(void)
{
	char *constant = untouched(60), *written = untouched(60);
	put(constant, 60);
	put(written, 60);
	pid_t child = forked(nothing);
	step("forked", constant);
	put(written, 60);
	end(child);
	step("written-and-ended", written);
	return 0;
}
