/* The middle of a mapping is locked, and unlocked: it is part of the mapping again. Then so is all of it, by and by. */
#include "steps.h"

enum { PAGES = 24, PART = 8 };

int main(void)
{
	char *p = between_guards(PAGES), *middle = p + PART * PAGE;
	step("begin", p);
	if (mlock(middle, PART * PAGE))
		return 2;
	step("middle-locked", middle);
	munlock(middle, PART * PAGE);
	step("middle-unlocked", middle);
	mlock(p, PART * PAGE);
	step("first-locked", p);
	mlock(middle, PART * PAGE);
	step("middle-locked-too", middle);
	munlock(p, PAGES * PAGE);
	step("all-unlocked", p);
	return 0;
}
