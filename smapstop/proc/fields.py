"""Every label of smaps and smaps_rollup and every VmFlag, in plain words: the one table that all read."""

import re
from dataclasses import KW_ONLY, dataclass, field

_NAME_EXCEPTIONS = {"THPeligible": "thp_eligible"}
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def field_name(label: str) -> str:
    """The snake_case name of a label, whether smapstop knows it or not: `MMUPageSize` is `mmu_page_size`."""
    words = _BETWEEN_WORDS.sub("_", _WORD_STARTS.sub("_", label))
    return _NAME_EXCEPTIONS.get(label) or words.strip("_").lower()


@dataclass(frozen=True, slots=True)
class Field:
    """One amount that the kernel prints for a mapping (proc(5); fs/proc/task_mmu.c: show_smap)."""

    label: str
    """The kernel's own label: `Private_Dirty`."""
    since: str
    """The first kernel version that prints it."""
    help: str
    """What it counts, in one or two sentences."""
    name: str = field(init=False)
    """snake_case of the label: `private_dirty`."""
    _: KW_ONLY
    unit: str = "kB"
    """`kB`, or empty for a plain number."""
    short: str = ""
    """The title where there is little room: `PDirty`; the label unless given."""
    in_mapping: bool = True
    """Whether mappings have it, and not only smaps_rollup."""
    in_rollup: bool = True
    """Whether a process has a total of it; if not, it describes the mapping rather than its contents."""
    is_property: bool = False
    """Whether it says what a mapping is, not how much: a sum of it means nothing."""
    is_evidence: bool = False
    """Whether its change is evidence of a kernel mechanism."""
    is_compared: bool = False
    """Whether the table can show and sort by its change against the baseline."""
    externally_driven: bool = False
    """Whether it changes without the process: as other processes come and go, or as the kernel ages pages."""
    exchanged_with: str = ""
    """The field that takes its pages when another process maps them, and returns them: only the sum is this one's."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", field_name(self.label))
        object.__setattr__(self, "short", self.short or self.label)


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
        "Resident set size: the pages that are in memory now, each counted in full even if others map it too. "
        "The shared zero page, hugetlb pages and device memory are not in it.",
        is_evidence=True,
        is_compared=True,
    ),
    Field(
        "Pss",
        "2.6.25",
        "Proportional set size: Rss with every page divided by how often it is mapped. Each mapping is rounded down: "
        "a page shared by many may show as 0.",
        is_compared=True,
        externally_driven=True,
    ),
    Field("Pss_Dirty", "6.0", "The part of Pss whose pages are dirty (see Private_Dirty).", externally_driven=True),
    Field(
        "Shared_Clean",
        "2.6.14",
        "Resident pages that are mapped at least twice now and are not dirty. Shared means a map count of 2 or "
        "more, not MAP_SHARED.",
        short="SClean",
        is_evidence=True,
        externally_driven=True,
        exchanged_with="private_clean",
    ),
    Field(
        "Shared_Dirty",
        "2.6.14",
        "Resident pages that are mapped at least twice now and are dirty. Shared means a map count of 2 or more, "
        "not MAP_SHARED.",
        short="SDirty",
        is_evidence=True,
    ),
    Field(
        "Private_Clean",
        "2.6.14",
        "Resident pages that only this mapping maps and that are not dirty. Private means a map count of 1, not "
        "MAP_PRIVATE: a file that only this process maps is here too.",
        short="PClean",
        is_evidence=True,
        externally_driven=True,
        exchanged_with="shared_clean",
    ),
    Field(
        "Private_Dirty",
        "2.6.14",
        "Resident pages that only this mapping maps (map count 1, not MAP_PRIVATE) and that are dirty. A file's page "
        "is also dirty when somebody else wrote the file, as with an executable that was just linked.",
        short="PDirty",
        is_evidence=True,
        is_compared=True,
    ),
    Field(
        "Referenced",
        "2.6.22",
        "Resident pages marked as accessed since the kernel last aged them. No rate, and it can fall by itself.",
        externally_driven=True,
    ),
    Field(
        "Anonymous",
        "2.6.37",
        "Resident pages without a file behind them. In a private file mapping these are exactly the pages that were "
        "copied on write; shared memory such as memfd or tmpfs is never here.",
        short="Anon",
        is_evidence=True,
        is_compared=True,
    ),
    Field(
        "KSM",
        "6.6",
        "Resident pages that kernel samepage merging keeps once for equal contents. Merged zero pages do not count.",
        is_evidence=True,
    ),
    Field(
        "LazyFree",
        "4.12",
        "Anonymous pages that the program gave up with madvise(MADV_FREE) and the kernel has not taken yet. "
        "It may stay 0 for long, since the kernel collects such pages in batches.",
        is_evidence=True,
    ),
    Field(
        "AnonHugePages",
        "2.6.38",
        "Anonymous memory that one page-table entry maps as a whole huge page (2 MB on x86). Smaller large pages are "
        "not counted.",
        short="AnonHuge",
        is_evidence=True,
    ),
    Field(
        "ShmemPmdMapped",
        "4.8",
        "Shared memory (shm, memfd, tmpfs) that one page-table entry maps as a whole huge page.",
        short="ShmemPmd",
        is_evidence=True,
    ),
    Field(
        "FilePmdMapped",
        "5.4",
        "File contents in the page cache that one page-table entry maps as a whole huge page.",
        short="FilePmd",
        is_evidence=True,
    ),
    Field(
        "Shared_Hugetlb",
        "4.4",
        "hugetlb pages that are mapped at least twice. They are in no other field, not even in Rss and Pss.",
        short="SHugetlb",
        is_evidence=True,
    ),
    Field(
        "Private_Hugetlb",
        "4.4",
        "hugetlb pages that only this mapping maps. They are in no other field, not even in Rss and Pss.",
        short="PHugetlb",
        is_evidence=True,
    ),
    Field(
        "Swap",
        "2.6.26",
        "Pages of the mapping that are in swap. For shared memory these are the object's swapped pages, so two "
        "processes count the same page twice.",
        is_evidence=True,
        is_compared=True,
    ),
    Field(
        "SwapPss",
        "4.3",
        "Swap with every page divided by how many entries point at it. The swap of shared memory is not in it.",
        externally_driven=True,
    ),
    Field(
        "Locked",
        "2.6.38",
        "Pss if the mapping is locked into memory (mlock), otherwise 0. It is not the length of what was locked.",
        externally_driven=True,
    ),
    Field(
        "THPeligible",
        "5.0",
        "1 if the mapping may get transparent huge pages, otherwise 0. Files can have large pages although it is 0.",
        unit="",
        in_rollup=False,
        is_property=True,
    ),
    Field(
        "ProtectionKey",
        "4.6",
        "The number of the memory protection key; 0 is the default key. Printed only where the processor has keys.",
        unit="",
        in_rollup=False,
        is_property=True,
    ),
    Field(
        "Pss_Anon",
        "5.3",
        "The part of Pss that is anonymous memory. Only the rollup of the whole process has it.",
        in_mapping=False,
    ),
    Field(
        "Pss_File",
        "5.3",
        "The part of Pss that is file contents. Only the rollup of the whole process has it.",
        in_mapping=False,
    ),
    Field(
        "Pss_Shmem",
        "5.3",
        "The part of Pss that is shared memory (shm, memfd, tmpfs). Only the rollup of the whole process has it.",
        in_mapping=False,
    ),
    Field(
        "Nonlinear",
        "3.5",
        "Pages mapped out of order with remap_file_pages. Linux 4 prints it no more.",
    ),
)
"""The order in which Linux 6.18 prints them, then what only smaps_rollup has, then what is gone."""

FIELD_BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}
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

ROLLUP_ONLY = tuple(field.name for field in FIELDS if not field.in_mapping)
"""Fields of smaps_rollup that no mapping has."""
MAPPING_ONLY = tuple(field.name for field in FIELDS if not field.in_rollup)
"""Fields that describe a mapping rather than its contents: a process has no total of them."""
PROPERTY_FIELDS = frozenset(field.name for field in FIELDS if field.is_property)
"""Fields that say what a mapping is, not how much: a sum of them means nothing."""
EVIDENCE_FIELDS = frozenset(field.name for field in FIELDS if field.is_evidence)
"""Fields whose change is evidence of a kernel mechanism."""
COMPARED_FIELDS = tuple(field.name for field in FIELDS if field.is_compared)
"""Fields whose change a table can show and sort by."""
EXTERNALLY_DRIVEN = frozenset(field.name for field in FIELDS if field.externally_driven)
"""Fields that change without the process."""
EXCHANGED_PAIRS = tuple((field.name, field.exchanged_with) for field in FIELDS if field.name < field.exchanged_with)
"""Pairs of externally driven fields whose sum changes only with the process."""
SECONDARY_FIELDS = EXTERNALLY_DRIVEN - {name for pair in EXCHANGED_PAIRS for name in pair}
"""Externally driven fields that the last change of a mapping leaves out: they repeat another field, or age."""
