"""Which segment of an ELF file a mapping was loaded from."""

from dataclasses import replace

import numpy as np

from smapstop.proc.columns import Mappings
from smapstop.proc.elf import Elf
from smapstop.proc.pages import PAGE_BYTES

_MOST_NEIGHBOURS = 16
"""Mappings of the same file that are looked at, on both sides of one: a file that is loaded has about five."""


def placed(elf: Elf, mappings: Mappings, row: int) -> Elf:
    """The file with what its mappings tell of its segments: see `Segment.fitting`.

    A linker may let the end of a segment and the begin of the next one share a page of the file, which is then mapped
    for each of them, and often with the same permissions (lld does so). But all segments are loaded equally far from
    where the file has them.

    Args:
        elf: The file of a mapping.
        mappings: A reading of the memory map.
        row: Of the mapping.
    """
    same = np.flatnonzero((mappings.inode == mappings.inode[row]) & (mappings.device == mappings.device[row]))
    at = int(np.searchsorted(same, row))
    first = max(0, at - _MOST_NEIGHBOURS)
    rows, at = same[first : at + _MOST_NEIGHBOURS + 1], at - first
    offset, size = mappings.offset[rows], mappings.end[rows] - mappings.start[rows]
    pages = np.array([segment.pages for segment in elf.segments], np.uint64).reshape(-1, 2)
    begin = np.array([[segment.address - segment.offset % PAGE_BYTES] for segment in elf.segments], np.uint64)

    maybe = (offset < pages[:, 1:]) & (offset + size > pages[:, :1])
    """Whether a segment may be in a mapping, shape (segments, rows)."""
    loaded_at = mappings.start[rows] - offset + pages[:, :1] - begin.reshape(-1, 1)
    """Where the file would be then, what is in it at address 0, modulo 2**64; same shape."""
    fitting = [
        int((maybe & (loaded_at == loaded_at[number, at])).any(axis=0).sum()) if maybe[number, at] else 0
        for number in range(len(elf.segments))
    ]
    return replace(
        elf, segments=tuple(each._replace(fitting=n) for each, n in zip(elf.segments, fitting, strict=True))
    )
