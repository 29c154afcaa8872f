/* Memory of the kernel that every process has mapped: the vdso. */
#include "steps.h"
#include <sys/auxv.h>

int main(void)
{
	volatile char *p = (char *)getauxval(AT_SYSINFO_EHDR), byte;
	if (!p)
		return 2;
	step("begin", (char *)p);
	if (madvise((char *)p, PAGE, MADV_DONTNEED))
		return 2;
	step("given-up", (char *)p);
	byte = *p;
	(void)byte;
	step("read", (char *)p);
	return 0;
}
