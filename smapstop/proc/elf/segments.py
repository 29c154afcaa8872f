"""Match mappings to the ELF segments they were loaded from, including zeroed data (.bss) without a file."""

from dataclasses import replace

import numpy as np

from smapstop.proc.columns import Mappings
from smapstop.proc.elf.elf_file import Elf
from smapstop.proc.pages.pagemap import PAGE_BYTES

_MAX_NEIGHBOURS = 16
"""Mappings of the same file considered on each side of one; a loaded file has about five."""


def match_segments(elf: Elf, mappings: Mappings, row: int) -> Elf:
    """Count the mappings that fit each segment: see `ElfSegment.matching_mappings`.

    A linker may let the end of one segment and the start of the next share a page of the file, which is then mapped
    for each of them, often with the same permissions (lld does so). But all segments have the same load bias.

    Args:
        elf: File of a mapping.
        mappings: A reading of the memory map.
        row: Row of the mapping.
    """
    same_file = np.flatnonzero((mappings.inode == mappings.inode[row]) & (mappings.device == mappings.device[row]))
    at = int(np.searchsorted(same_file, row))
    first = max(0, at - _MAX_NEIGHBOURS)
    rows, at = same_file[first : at + _MAX_NEIGHBOURS + 1], at - first
    offset, size = mappings.offset[rows], mappings.end[rows] - mappings.start[rows]
    pages = np.array([segment.pages for segment in elf.segments], np.uint64).reshape(-1, 2)
    begin = np.array([[segment.address - segment.offset % PAGE_BYTES] for segment in elf.segments], np.uint64)

    overlaps = (offset < pages[:, 1:]) & (offset + size > pages[:, :1])
    """Whether the file ranges of a segment and a mapping overlap, shape (segments, rows)."""
    loaded_at = mappings.start[rows] - offset + pages[:, :1] - begin.reshape(-1, 1)
    """Load bias of the file in that case, modulo 2**64; same shape."""
    counts = [
        int((overlaps & (loaded_at == loaded_at[number, at])).any(axis=0).sum()) if overlaps[number, at] else 0
        for number in range(len(elf.segments))
    ]
    return replace(
        elf, segments=tuple(each._replace(matching_mappings=n) for each, n in zip(elf.segments, counts, strict=True))
    )


def file_row(mappings: Mappings, row: int) -> int:
    """Return the row of the mapping that has the file: the row itself, or the one before for possible .bss.

    Zeroed data past the last page of a file's data is mapped right behind it without a file, with the same
    permissions (fs/binfmt_elf.c; so does ld.so). `bss_segment` checks whether the mapping really is .bss.

    Args:
        mappings: A reading of the memory map.
        row: Row of a mapping.
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
    """Return the file with only the segment that extends past a mapping, as if its zeroed data were in the file.

    Empty if no segment does: then the memory after the mapping does not belong to the file.

    Args:
        elf: File of the mapping, after `match_segments`.
        mappings: A reading of the memory map.
        row: Row of the mapping.
    """
    begin = int(mappings.offset[row])
    end = begin + int(mappings.end[row] - mappings.start[row])
    extended = tuple(
        segment._replace(file_bytes=segment.memory_bytes)
        for segment in elf.segments
        if segment.matching_mappings and segment.pages[0] <= begin and segment.pages[1] == end
        if segment.memory_bytes > segment.file_bytes
    )
    return replace(elf, segments=extended) if extended else Elf()
