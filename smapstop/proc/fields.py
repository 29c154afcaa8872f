"""Every label of smaps and smaps_rollup and every VmFlag, in plain words: the one table that all read."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One amount that the kernel prints for a mapping (proc(5); fs/proc/task_mmu.c: show_smap)."""

    name: str
    """snake_case of the label: `private_dirty`."""
    label: str
    """The kernel's own label: `Private_Dirty`."""
    unit: str
    """`kB`, or empty for a plain number."""
    since: str
    """The first kernel version that prints it."""
    help: str
    """What it counts, in one or two sentences."""


_IRREGULAR = {"THPeligible": "thp_eligible"}
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def field_name(label: str) -> str:
    """The snake_case name of a label, whether smapstop knows it or not: `MMUPageSize` is `mmu_page_size`."""
    words = _BETWEEN_WORDS.sub("_", _WORD_STARTS.sub("_", label))
    return _IRREGULAR.get(label) or words.strip("_").lower()


def _kb(label: str, since: str, text: str) -> Field:
    return Field(field_name(label), label, "kB", since, text)


def _plain(label: str, since: str, text: str) -> Field:
    return Field(field_name(label), label, "", since, text)


FIELDS: tuple[Field, ...] = (
    _kb("Size", "2.6.14", "The length of the mapping: end minus start. It says nothing about memory in use."),
    _kb(
        "KernelPageSize",
        "2.6.29",
        "The page size the kernel uses for the mapping: the base page, or the huge page of hugetlb memory. "
        "It stays at the base page with transparent huge pages.",
    ),
    _kb(
        "MMUPageSize",
        "2.6.29",
        "The page size the processor's page tables use for the mapping. It differs from KernelPageSize only on some "
        "PowerPC machines.",
    ),
    _kb(
        "Rss",
        "2.6.14",
        "Resident set size: the pages that are in memory now, each counted in full even if others map it too. "
        "The shared zero page, hugetlb pages and device memory are not in it.",
    ),
    _kb(
        "Pss",
        "2.6.25",
        "Proportional set size: Rss with every page divided by how often it is mapped. Each mapping is rounded down: "
        "a page shared by many may show as 0.",
    ),
    _kb("Pss_Dirty", "6.0", "The part of Pss whose pages are dirty (see Private_Dirty)."),
    _kb(
        "Shared_Clean",
        "2.6.14",
        "Resident pages that are mapped at least twice now and are not dirty. Shared means a map count of 2 or "
        "more, not MAP_SHARED.",
    ),
    _kb(
        "Shared_Dirty",
        "2.6.14",
        "Resident pages that are mapped at least twice now and are dirty. Shared means a map count of 2 or more, "
        "not MAP_SHARED.",
    ),
    _kb(
        "Private_Clean",
        "2.6.14",
        "Resident pages that only this mapping maps and that are not dirty. Private means a map count of 1, not "
        "MAP_PRIVATE: a file that only this process maps is here too.",
    ),
    _kb(
        "Private_Dirty",
        "2.6.14",
        "Resident pages that only this mapping maps (map count 1, not MAP_PRIVATE) and that are dirty. A file's page "
        "is also dirty when somebody else wrote the file, as with an executable that was just linked.",
    ),
    _kb(
        "Referenced",
        "2.6.22",
        "Resident pages marked as accessed since the kernel last aged them. No rate, and it can fall by itself.",
    ),
    _kb(
        "Anonymous",
        "2.6.37",
        "Resident pages without a file behind them. In a private file mapping these are exactly the pages that were "
        "copied on write; shared memory such as memfd or tmpfs is never here.",
    ),
    _kb(
        "KSM",
        "6.6",
        "Resident pages that kernel samepage merging keeps once for equal contents. Merged zero pages do not count.",
    ),
    _kb(
        "LazyFree",
        "4.12",
        "Anonymous pages that the program gave up with madvise(MADV_FREE) and the kernel has not taken yet. "
        "It may stay 0 for long, since the kernel collects such pages in batches.",
    ),
    _kb(
        "AnonHugePages",
        "2.6.38",
        "Anonymous memory that one page-table entry maps as a whole huge page (2 MB on x86). Smaller large pages are "
        "not counted.",
    ),
    _kb(
        "ShmemPmdMapped",
        "4.8",
        "Shared memory (shm, memfd, tmpfs) that one page-table entry maps as a whole huge page.",
    ),
    _kb(
        "FilePmdMapped",
        "5.4",
        "File contents in the page cache that one page-table entry maps as a whole huge page.",
    ),
    _kb(
        "Shared_Hugetlb",
        "4.4",
        "hugetlb pages that are mapped at least twice. They are in no other field, not even in Rss and Pss.",
    ),
    _kb(
        "Private_Hugetlb",
        "4.4",
        "hugetlb pages that only this mapping maps. They are in no other field, not even in Rss and Pss.",
    ),
    _kb(
        "Swap",
        "2.6.26",
        "Pages of the mapping that are in swap. For shared memory these are the object's swapped pages, so two "
        "processes count the same page twice.",
    ),
    _kb(
        "SwapPss",
        "4.3",
        "Swap with every page divided by how many entries point at it. The swap of shared memory is not in it.",
    ),
    _kb(
        "Locked",
        "2.6.38",
        "Pss if the mapping is locked into memory (mlock), otherwise 0. It is not the length of what was locked.",
    ),
    _plain(
        "THPeligible",
        "5.0",
        "1 if the mapping may get transparent huge pages, otherwise 0. Files can have large pages although it is 0.",
    ),
    _plain(
        "ProtectionKey",
        "4.6",
        "The number of the memory protection key; 0 is the default key. Printed only where the processor has keys.",
    ),
    _kb("Pss_Anon", "5.3", "The part of Pss that is anonymous memory. Only the rollup of the whole process has it."),
    _kb("Pss_File", "5.3", "The part of Pss that is file contents. Only the rollup of the whole process has it."),
    _kb(
        "Pss_Shmem",
        "5.3",
        "The part of Pss that is shared memory (shm, memfd, tmpfs). Only the rollup of the whole process has it.",
    ),
    _kb("Nonlinear", "3.5", "Pages mapped out of order with remap_file_pages. Linux 4 prints it no more."),
)
"""The order in which Linux 6.18 prints them, then what only smaps_rollup has, then what is gone."""

FIELD: dict[str, Field] = {field.name: field for field in FIELDS}
"""The fields by name."""

VM_FLAGS: dict[str, str] = {
    "rd": "readable",
    "wr": "writable",
    "ex": "executable",
    "sh": "shared: writes reach the file or the other processes",
    "mr": "may be made readable",
    "mw": "may be made writable",
    "me": "may be made executable",
    "ms": "may be shared: mapped with MAP_SHARED",
    "gd": "grows downwards, as a stack does",
    "pf": "bare page frames without memory accounting, so Rss is 0",
    "gu": "may contain guard regions (stays after they are removed)",
    "dw": "writing to the mapped file is denied (until Linux 5.11)",
    "lo": "locked into memory",
    "io": "memory of a device",
    "sr": "advised: will be read in sequence",
    "rr": "advised: will be read at random",
    "dc": "not copied to the child on fork",
    "de": "cannot be made larger with mremap",
    "lf": "locked into memory page by page, when first touched",
    "ac": "counted against the system's memory commit limit",
    "nr": "no swap space is reserved for it",
    "ht": "made of hugetlb pages",
    "sf": "synchronous page faults, for persistent memory (MAP_SYNC)",
    "nl": "pages mapped out of order with remap_file_pages (until Linux 3.19)",
    "ar": "a flag whose meaning depends on the architecture",
    "bt": "jumps into it must land on marked targets (BTI, arm64)",
    "wf": "wiped in the child on fork",
    "dd": "left out of core dumps",
    "sd": "soft-dirty: new, or tracked for writes since the last clear",
    "mm": "mixed: ordinary pages and bare page frames",
    "hg": "advised: use transparent huge pages",
    "nh": "advised: no transparent huge pages",
    "mg": "advised: merge equal pages (KSM)",
    "um": "userfaultfd handles missing pages",
    "uw": "userfaultfd handles writes to protected pages",
    "ui": "userfaultfd handles minor faults",
    "mt": "memory tagging (MTE, arm64)",
    "mp": "bounds tables of memory protection extensions (MPX, x86, until Linux 5.4)",
    "ss": "shadow stack: return addresses that only the processor writes",
    "dp": "droppable: the kernel may discard it instead of swapping",
    "sl": "sealed: mapping and protection cannot be changed any more",
}
"""What each two-letter code of a VmFlags line says (fs/proc/task_mmu.c: show_smap_vma_flags)."""

ROLLUP_ONLY = ("pss_anon", "pss_file", "pss_shmem")
"""Fields of smaps_rollup that no mapping has."""

PLAIN = frozenset({"kernel_page_size", "mmu_page_size", "thp_eligible", "protection_key"})
"""Fields that say what a mapping is, not how much: a sum of them means nothing."""
