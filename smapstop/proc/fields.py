"""Fields of smaps and smaps_rollup, and VmFlags, with their meaning and properties."""

from smapstop.proc.added_fields import ADDED_FIELDS, ADDED_PROPERTIES
from smapstop.proc.field import Field

FIELDS: tuple[Field, ...] = (
    Field(
        "Size",
        "2.6.14",
        "The length of the mapping: end minus start. It says nothing about memory in use.",
        in_rollup=False,
    ),
    Field(
        "KernelPageSize",
        "2.6.29",
        "The page size the kernel uses for the mapping: the base page, or the huge page of hugetlb memory. "
        "It stays at the base page with transparent huge pages.",
        in_rollup=False,
        is_property=True,
    ),
    Field(
        "MMUPageSize",
        "2.6.29",
        "The page size the processor's page tables use for the mapping. It differs from KernelPageSize only on some "
        "PowerPC machines.",
        in_rollup=False,
        is_property=True,
    ),
    Field(
        "Rss",
        "2.6.14",
        "Resident set size: the pages in memory now, each counted in full even if other processes map it too. "
        "It excludes the shared zero page, hugetlb pages and device memory.",
        is_evidence=True,
    ),
    Field(
        "Pss",
        "2.6.25",
        "Proportional set size: Rss with each page divided by its map count. Each mapping is rounded down: "
        "a widely shared page may show as 0.",
        externally_driven=True,
    ),
    Field("Pss_Dirty", "6.0", "The part of Pss whose pages are dirty (see Private_Dirty).", externally_driven=True),
    Field(
        "Shared_Clean",
        "2.6.14",
        "Resident clean pages that are mapped at least twice. Shared means a map count of 2 or more, not MAP_SHARED.",
        short="SClean",
        is_evidence=True,
        externally_driven=True,
        exchanged_with="private_clean",
    ),
    Field(
        "Shared_Dirty",
        "2.6.14",
        "Resident dirty pages that are mapped at least twice. Shared means a map count of 2 or more, not MAP_SHARED.",
        short="SDirty",
        is_evidence=True,
    ),
    Field(
        "Private_Clean",
        "2.6.14",
        "Resident clean pages that only this mapping maps. Private means a map count of 1, not MAP_PRIVATE: a file "
        "that only this process maps counts too.",
        short="PClean",
        is_evidence=True,
        externally_driven=True,
        exchanged_with="shared_clean",
    ),
    Field(
        "Private_Dirty",
        "2.6.14",
        "Resident pages that only this mapping maps (map count 1, not MAP_PRIVATE) and that are dirty. A file's page "
        "is also dirty if another process wrote the file, such as the linker of a newly built executable.",
        short="PDirty",
        is_evidence=True,
    ),
    Field(
        "Referenced",
        "2.6.22",
        "Resident pages marked as accessed since the kernel last aged them. It is not a rate, and it can fall by "
        "itself.",
        externally_driven=True,
    ),
    Field(
        "Anonymous",
        "2.6.37",
        "Resident pages without a file behind them. In a private file mapping these are exactly the pages that were "
        "copied on write; shared memory such as memfd or tmpfs is never counted.",
        short="Anon",
        is_evidence=True,
    ),
    Field(
        "KSM",
        "6.6",
        "Resident pages merged by kernel samepage merging because their contents are equal, except zero pages.",
        is_evidence=True,
    ),
    Field(
        "LazyFree",
        "4.12",
        "Anonymous pages that the program released with madvise(MADV_FREE) and the kernel has not reclaimed yet. "
        "It may stay 0 for a while, since the kernel processes such pages in batches.",
        is_evidence=True,
    ),
    Field(
        "AnonHugePages",
        "2.6.38",
        "Anonymous memory mapped as whole huge pages, by one page-table entry each (2 MB on x86). Smaller large "
        "folios are not counted.",
        short="AnonHuge",
        is_evidence=True,
    ),
    Field(
        "ShmemPmdMapped",
        "4.8",
        "Shared memory (shm, memfd, tmpfs) mapped as whole huge pages, by one page-table entry each.",
        short="ShmemPmd",
        is_evidence=True,
    ),
    Field(
        "FilePmdMapped",
        "5.4",
        "File contents in the page cache mapped as whole huge pages, by one page-table entry each.",
        short="FilePmd",
        is_evidence=True,
    ),
    Field(
        "Shared_Hugetlb",
        "4.4",
        "hugetlb pages that are mapped at least twice. No other field counts them, not even Rss and Pss.",
        short="SHugetlb",
        is_evidence=True,
    ),
    Field(
        "Private_Hugetlb",
        "4.4",
        "hugetlb pages that only this mapping maps. No other field counts them, not even Rss and Pss.",
        short="PHugetlb",
        is_evidence=True,
    ),
    Field(
        "Swap",
        "2.6.26",
        "Pages of the mapping that are in swap. For shared memory these are the swapped pages of the object, "
        "so two processes that map it both count the same page.",
        is_evidence=True,
    ),
    Field(
        "SwapPss",
        "4.3",
        "Swap with every page divided by how many entries refer to it. It excludes swapped shared memory.",
        externally_driven=True,
    ),
    Field(
        "Locked",
        "2.6.38",
        "Pss if the mapping is locked into memory (mlock), otherwise 0. It is not the length of the locked range.",
        externally_driven=True,
    ),
    Field(
        "THPeligible",
        "5.0",
        "1 if the mapping may get transparent huge pages, otherwise 0. Files can have large pages even if it is 0.",
        unit="",
        in_rollup=False,
        is_property=True,
    ),
    Field(
        "ProtectionKey",
        "4.6",
        "The number of the memory protection key; 0 is the default key. Printed only if the processor has keys.",
        unit="",
        in_rollup=False,
        is_property=True,
    ),
    Field(
        "Pss_Anon",
        "5.3",
        "The part of Pss that is anonymous memory. Printed only in smaps_rollup.",
        in_mapping=False,
    ),
    Field(
        "Pss_File",
        "5.3",
        "The part of Pss that is file contents. Printed only in smaps_rollup.",
        in_mapping=False,
    ),
    Field(
        "Pss_Shmem",
        "5.3",
        "The part of Pss that is shared memory (shm, memfd, tmpfs). Printed only in smaps_rollup.",
        in_mapping=False,
    ),
    Field(
        "Nonlinear",
        "3.5",
        "Pages mapped out of order with remap_file_pages. Linux 4 and later do not print it.",
    ),
)
"""All fields: in the order of Linux 6.18, then those only in smaps_rollup, then those no longer printed."""

FIELD_BY_NAME: dict[str, Field] = {field.name: field for field in (*FIELDS, *ADDED_FIELDS)}
"""Fields by name: those of the kernel, and those that smapstop adds."""

VM_FLAGS: dict[str, str] = {
    "rd": "readable",
    "wr": "writable",
    "ex": "executable",
    "sh": "shared: writes reach the file or the other processes",
    "mr": "may be made readable",
    "mw": "may be made writable",
    "me": "may be made executable",
    "ms": "may be shared: mapped with MAP_SHARED",
    "gd": "grows downwards, like a stack",
    "pf": "bare page frames without struct page (VM_PFNMAP), so Rss is 0",
    "gu": "may contain guard regions (stays set after they are removed)",
    "dw": "writing to the mapped file is denied (until Linux 5.11)",
    "lo": "locked into memory",
    "io": "device memory",
    "sr": "advised: sequential access",
    "rr": "advised: random access",
    "dc": "not copied to the child on fork",
    "de": "cannot be expanded with mremap",
    "lf": "locked into memory page by page, on first access",
    "ac": "counted against the system's memory commit limit",
    "nr": "no swap space reserved (MAP_NORESERVE)",
    "ht": "hugetlb pages",
    "sf": "synchronous page faults, for persistent memory (MAP_SYNC)",
    "nl": "pages mapped out of order with remap_file_pages (until Linux 3.19)",
    "ar": "architecture-specific flag",
    "bt": "indirect branches into it must land on marked targets (BTI, arm64)",
    "wf": "wiped in the child on fork",
    "dd": "excluded from core dumps",
    "sd": "soft-dirty: new, or tracked for writes since the last clear",
    "mm": "may mix ordinary pages and bare page frames",
    "hg": "advised: use transparent huge pages",
    "nh": "advised: no transparent huge pages",
    "mg": "advised: merge equal pages (KSM)",
    "um": "userfaultfd handles missing pages",
    "uw": "userfaultfd handles writes to protected pages",
    "ui": "userfaultfd handles minor faults",
    "mt": "memory tagging (MTE, arm64)",
    "mp": "bounds tables of memory protection extensions (MPX, x86, until Linux 5.4)",
    "ss": "shadow stack: return addresses, written only by the processor",
    "dp": "droppable: the kernel may discard it instead of swapping",
    "sl": "sealed: mapping and protection can no longer be changed",
}
"""Meanings of the two-letter codes in VmFlags (fs/proc/task_mmu.c: show_smap_vma_flags)."""

ROLLUP_ONLY = tuple(field.name for field in FIELDS if not field.in_mapping)
"""Fields printed only in smaps_rollup."""
MAPPING_ONLY = tuple(field.name for field in FIELDS if not field.in_rollup)
"""Fields that describe a mapping rather than its contents: the process has no total of them."""
PROPERTY_FIELDS = ADDED_PROPERTIES.union(field.name for field in FIELDS if field.is_property)
"""Fields that are properties of a mapping rather than amounts: their sum is meaningless."""
EVIDENCE_FIELDS = frozenset(field.name for field in FIELDS if field.is_evidence)
"""Fields in which a change is evidence of a kernel mechanism."""
EXTERNALLY_DRIVEN = ADDED_PROPERTIES.union(field.name for field in FIELDS if field.externally_driven)
"""Fields that change without the process doing anything."""
EXCHANGED_PAIRS = tuple((field.name, field.exchanged_with) for field in FIELDS if field.name < field.exchanged_with)
"""Pairs of externally driven fields whose sum changes only through the process."""
SECONDARY_FIELDS = EXTERNALLY_DRIVEN - {name for pair in EXCHANGED_PAIRS for name in pair}
"""Externally driven fields left out of a mapping's last change: they repeat another field, or age."""
