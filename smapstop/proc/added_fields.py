"""Columns that smapstop adds to those of smaps: facts about a mapping that the kernel has elsewhere."""

from smapstop.proc.field import Field

OBJECT_ALLOCATED = "object_allocated"
"""What the shared-memory object of the mapping holds, kB; `ABSENT` where it is unknown, and for other mappings."""
OBJECT_GROWN_WHILE_READ = "object_grown_while_read"
"""How much that changed while smaps was read, kB, which may be negative."""

MEMORY_FILESYSTEM = "memory_filesystem"
"""1 when the file lies on a memory file system (tmpfs, ramfs, devtmpfs, hugetlbfs), recognised by the device in
/proc/PID/mountinfo, 0 when it does not; `ABSENT` when it is unknown, and without a file."""
FILE_BSS = "file_bss"
"""Of unnamed memory right behind a program or library: how much from its start on is zeroed data (.bss) of the file,
by the file's segments, kB; `ABSENT` where the file cannot be read, and for other mappings."""
GO_HEAP = "go_heap"
"""1 for unnamed memory where the Go runtime puts its heap, in a program built by Go; else `ABSENT`."""
JVM_HEAP = "jvm_heap"
"""1 for unnamed memory where a HotSpot JVM says that it has its heap; else `ABSENT`."""
MALLOC_HEAP = "malloc_heap"
"""1 for unnamed memory that is heaps of an arena of glibc's malloc, by their headers; else `ABSENT`."""
MALLOC_BLOCKS = "malloc_blocks"
"""Of unnamed memory that begins with a large block of glibc's malloc: 1 if seven eighths of it or more are such
blocks, 0 if half of it is, as far as it was looked into; else `ABSENT`."""
PYTHON_HEAP = "python_heap"
"""1 for unnamed memory that is mostly pools of CPython's allocator, as far as it was looked into; else `ABSENT`."""
DATA_FILE = "data_file"
"""1 for a file that is mapped privately, and of which nothing is mapped executable: of a program or library that is
loaded something always is, so this is neither; else `ABSENT`."""

ADDED_PROPERTIES = frozenset(
    (
        *(OBJECT_ALLOCATED, OBJECT_GROWN_WHILE_READ, MEMORY_FILESYSTEM, FILE_BSS),
        *(GO_HEAP, JVM_HEAP, MALLOC_HEAP, MALLOC_BLOCKS, PYTHON_HEAP, DATA_FILE),
    )
)
"""Added columns that are properties of a mapping rather than amounts: their sum is meaningless."""

ADDED_FIELDS: tuple[Field, ...] = (
    Field(
        "Object allocated",
        "",
        "All that the shared-memory object of this mapping holds, in RAM or in swap, mapped or not: st_blocks of "
        "fstat(2), or /proc/sysvipc/shm. smaps does not print it. Unknown where no descriptor or path leads to it.",
        short="Object",
        in_rollup=False,
        is_property=True,
        externally_driven=True,
    ),
)
"""Added columns that are shown; the others serve explanations only."""
HIDDEN_FIELDS = ADDED_PROPERTIES - {field.name for field in ADDED_FIELDS}
"""Added columns that are not shown."""
