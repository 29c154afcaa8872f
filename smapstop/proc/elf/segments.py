"""Which segment of an ELF file a mapping was loaded from, and whose zeroed data one without a file is."""

from dataclasses import replace

import numpy as np

from smapstop.proc.columns import Mappings
from smapstop.proc.elf.elf_file import Elf
from smapstop.proc.pages.pagemap import PAGE_BYTES

_MAX_NEIGHBOURS = 16
"""Mappings of the same file that are looked at, on both sides of one: a file that is loaded has about five."""


def match_segments(elf: Elf, mappings: Mappings, row: int) -> Elf:
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
    first = max(0, at - _MAX_NEIGHBOURS)
    rows, at = same[first : at + _MAX_NEIGHBOURS + 1], at - first
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
        elf, segments=tuple(each._replace(matching_mappings=n) for each, n in zip(elf.segments, fitting, strict=True))
    )


def file_row(mappings: Mappings, row: int) -> int:
    """The row of the mapping in whose file to look: its own, or that of the file's data that it follows.

    The zeroed data beyond the page of the file where its data end are mapped there without a file, with the same
    permissions (fs/binfmt_elf.c; ld.so does so, too). Whether that is what follows, tells `zeroed`.

    Args:
        mappings: A reading of the memory map.
        row: Of a mapping.
    """
    before = row - 1
    follows = (
        row > 0
        and not mappings.inode[row]
        and not mappings.name[row]
        and mappings.inode[before] != 0
        and mappings.start[row] == mappings.end[before]
        and mappings.perms[row] == mappings.perms[before]
    )
    perms = mappings.perms_of(row)
    return before if follows and "w" in perms and "p" in perms else row


def bss_segment(elf: Elf, mappings: Mappings, row: int) -> Elf:
    """The file with only the segment that goes on behind a mapping of it, as if its zeroed data were in the file.

    Nothing when no segment does: then what follows the mapping is no memory of the file.

    Args:
        elf: The file of the mapping, as `placed` there.
        mappings: A reading of the memory map.
        row: Of the mapping.
    """
    begin = int(mappings.offset[row])
    end = begin + int(mappings.end[row] - mappings.start[row])
    longer = tuple(
        segment._replace(file_bytes=segment.memory_bytes)
        for segment in elf.segments
        if segment.matching_mappings and segment.pages[0] <= begin and segment.pages[1] == end
        if segment.memory_bytes > segment.file_bytes
    )
    return replace(elf, segments=longer) if longer else Elf()
