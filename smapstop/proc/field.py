"""Description of a field: its label, name, meaning and properties."""

import re
from dataclasses import KW_ONLY, field

from smapstop.lazy_dataclass import dataclass

_NAME_EXCEPTIONS = {"THPeligible": "thp_eligible"}
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def field_name(label: str) -> str:
    """Return the snake_case name of a label, known or unknown: `MMUPageSize` is `mmu_page_size`."""
    words = _BETWEEN_WORDS.sub("_", _WORD_STARTS.sub("_", label))
    return _NAME_EXCEPTIONS.get(label) or words.strip("_").lower()


@dataclass(frozen=True, slots=True)
class Field:
    """A field the kernel prints for a mapping (proc(5); fs/proc/task_mmu.c: show_smap)."""

    label: str
    """The kernel's label: `Private_Dirty`."""
    since: str
    """First kernel version that prints it; empty for what smaps does not print."""
    help: str
    """Description in one or two sentences."""
    name: str = field(init=False)
    """The label in snake_case: `private_dirty`."""
    _: KW_ONLY
    unit: str = "kB"
    """`kB`, or empty for a plain number."""
    short: str = ""
    """Short column title: `PDirty`; defaults to the label."""
    in_mapping: bool = True
    """Whether smaps prints it per mapping, not only smaps_rollup."""
    in_rollup: bool = True
    """Whether the process has a total of it; if not, it describes the mapping rather than its contents."""
    is_property: bool = False
    """Whether it is a property of the mapping rather than an amount: its sum is meaningless."""
    is_evidence: bool = False
    """Whether a change in it is evidence of a kernel mechanism."""
    externally_driven: bool = False
    """Whether it changes without the process doing anything: by other processes, or as the kernel ages pages."""
    exchanged_with: str = ""
    """Field that pages move to and from as other processes map them: only the sum depends on this process."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", field_name(self.label))
        object.__setattr__(self, "short", self.short or self.label)
