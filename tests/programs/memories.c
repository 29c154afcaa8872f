/* Memory of each kind that a recording has columns of its own for: a data page with a name, a memfd, a file on a tmpfs,
 * and memory of which a part is unmapped. The argument is a path on a tmpfs. */
#include "pages.h"

char page1[PAGE] __attribute__((aligned(PAGE))) = {1};

int main(int count, char **arguments)
{
	int arena = memfd_create("arena", 0);
	must(arena >= 0 && !ftruncate(arena, 8 * PAGE));
	char *m = mapped(arena, 8, MAP_SHARED), *t = mapped(file_of(arguments[count - 1], 4), 4, MAP_SHARED);
	char *p = untouched(16);
	get(page1, 1);
	step("before", page1);
	page1[0] = 2;
	step("copied", page1);
	put(m, 5);
	put(p + 8 * PAGE, 6);
	step("touched", m);
	must(!madvise(m, 2 * PAGE, MADV_DONTNEED));
	get(t, 4);
	step("dropped", m);
	get(m, 2);
	must(!munmap(p + 12 * PAGE, 4 * PAGE));
	step("unmapped", p);
	must(!fallocate(arena, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PAGE, 2 * PAGE));
	step("punched", m);
	return 0;
}
