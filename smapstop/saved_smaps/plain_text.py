"""Recognise the common case quickly: the text of one reading, as the kernel printed it and with nothing else."""

import re

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.proc.added_fields import ADDED_PROPERTIES
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.smaps.parser import SmapsParser

_FEWEST_RECORDS = 16
"""Records from which on it is worth while; in a shorter text what most records have shows less."""
_NUMBER_WITHOUT_UNIT = re.compile(rb"\n(?!THPeligible|ProtectionKey)[A-Z][A-Za-z_]*:[ \t]*[0-9]+[ \t]*\n")
_UNIQUE = ("[heap]", "[stack]", "[vdso]")
_4_GIB = np.uint64(1 << 32)


def is_plain_reading(text: bytes) -> bool:
    """Whether every record has each field once, addresses only rise, and no line is from elsewhere."""
    if not text.endswith(b"\n"):
        return False
    try:
        mappings = SmapsParser().parse(text)
    except SmapstopError:
        return False
    count = len(mappings)
    flag_lines = text.count(b"\nVmFlags:")
    return (
        count >= _FEWEST_RECORDS
        and bool(mappings.fields)
        and ADDED_PROPERTIES.isdisjoint(mappings.fields)
        and flag_lines in (0, count)
        and text.count(b"\n") == count * (1 + len(mappings.fields)) + flag_lines
        and bool((mappings.amounts != ABSENT).all())
        and not _NUMBER_WITHOUT_UNIT.search(text)
        and b"\x1b[m" not in text
        and _is_one_process(mappings)
    )


def _is_one_process(mappings: Mappings) -> bool:
    """Whether the addresses are those of one process, read at once."""
    rows = {name: np.flatnonzero(mappings.name == mappings.strings.intern(name)) for name in _UNIQUE}
    begins, ends = mappings.start, mappings.end
    return bool(
        (begins < ends).all()
        and (ends[:-1] <= begins[1:]).all()
        and all(len(same) <= 1 for same in rows.values())
        and not (begins[rows["[stack]"]] < _4_GIB).any() | (begins[-1] < _4_GIB)
    )
