"""What has a name on the pages of a mapped file: its variables and functions, else its sections."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses
from smapstop.proc.elf.elf_file import EXECUTE, WRITE, AddressSpans, Elf, ElfSegment

MAX_PAIRS = 10_000_000
"""So often may symbols lie on runs of pages; only a file made for it has more."""

_MAX_ADDRESS = 2**64 - 1
_PREFERENCE = np.array([2, 0, 1, *[2] * 13], np.uint8)
"""Of two names for the same thing: a global one, then a weak one."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """What lies on some pages."""

    names: tuple[str, ...] = ()
    """The first ones in address order: of symbols, and of sections where no symbol lies there."""
    more_count: int = 0
    """How many there are beside them."""
    missing_reason: str = ""
    """Why there are no symbols, to be said of the file: `is stripped of its symbols`. Empty when it has some."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names and, as the last one, how many more there are."""
        return (*self.names, f"{self.more_count:,} more") if self.more_count else self.names


def find_symbols_in_ranges(elf: Elf, fd: int, ranges: Addresses, perms: str, *, most: int = 4) -> Symbols:
    """What lies on pages of an ELF file.

    Where segments share a page of the file, which is then mapped for each of them, the mappings tell which one is
    meant (`placed`), else the permissions. Of several names for the same thing one is given, as the file has it.

    Args:
        elf: What `read_elf` said of the file.
        fd: Of the file.
        ranges: Offsets into the file, whole pages, in order, disjoint, shape (n, 2); see `PageRuns.file_ranges`.
        perms: Of the pages, as of `Mappings`: with `w` also where they were written and are now read-only (RELRO).
        most: How many names to give.

    Raises:
        OSError: The file cannot be read.
    """
    memory = [part.addresses for part in _map_to_segments(elf.segments, ranges, perms)]
    found = np.unique(
        np.concatenate([np.zeros(0, np.intp), *(elf.symbols.find_overlapping(part) for part in memory)])
    )
    if len(found):
        distinct = _deduplicate(elf, found)
        return Symbols(_read_names(elf, fd, distinct[:most]), max(0, len(distinct) - most))
    sections = np.unique(np.concatenate([found, *(elf.sections.find_overlapping(part) for part in memory)]))
    sections = sections[np.argsort(elf.sections.start[sections], kind="stable")]
    names = tuple(elf.section_names[row] for row in sections[:most].tolist())
    return Symbols(names, max(0, len(sections) - most), elf.missing_reason)


def find_symbols_by_range(elf: Elf, fd: int, ranges: Addresses, perms: str, *, most: int = 4) -> list[Symbols]:
    """What lies on each of some ranges of pages: as `find_symbols_in_ranges` says of one, but of many at once.

    Args:
        elf: What `read_elf` said of the file.
        fd: Of the file.
        ranges: Offsets into the file, whole pages, in order, disjoint, shape (n, 2).
        perms: As for `find_symbols_in_ranges`.
        most: How many names to give for each.

    Raises:
        OSError: The file cannot be read.
    """
    if not len(ranges):
        return []
    parts = _map_to_segments(elf.segments, ranges, perms)
    nothing = np.zeros(0, np.intp)
    near = np.unique(np.concatenate([nothing, *(elf.symbols.find_overlapping(part.addresses) for part in parts)]))
    symbols = _split_by_range(elf.symbols, _deduplicate(elf, near), ranges, parts)
    if symbols is None:
        return [Symbols(missing_reason="has too many symbols that overlap")] * len(ranges)
    in_order = np.argsort(elf.sections.start, kind="stable")
    sections = _split_by_range(elf.sections, in_order, ranges, parts) or [nothing] * len(ranges)
    named = []
    for on_symbols, on_sections in zip(symbols, sections, strict=True):
        if len(on_symbols):
            named.append(Symbols(_read_names(elf, fd, on_symbols[:most]), max(0, len(on_symbols) - most)))
        else:
            names = tuple(elf.section_names[row] for row in on_sections[:most].tolist())
            named.append(Symbols(names, max(0, len(on_sections) - most), elf.missing_reason))
    return named


def _split_by_range(
    places: AddressSpans, order: NDArray[np.intp], ranges: Addresses, parts: "list[_SegmentRanges]"
) -> list[NDArray[np.intp]] | None:
    """Which places lie on each range, those of `order` in its order; None when they overlap beyond measure."""
    start, end = places.start[order], places.end[order]
    pairs = [(np.zeros(0, np.intp), np.zeros(0, np.intp))]
    for part in parts:
        first_not_before = np.searchsorted(part.addresses[:, 1], start, "right")
        count = np.maximum(np.searchsorted(part.addresses[:, 0], end, "left") - first_not_before, 0)
        if count.sum() > MAX_PAIRS:
            return None
        place = np.repeat(np.arange(len(order)), count)
        before = np.repeat(np.cumsum(count) - count - first_not_before, count)
        owners = np.searchsorted(ranges[:, 0], part.offsets[:, 0], "right") - 1
        pairs.append((owners[np.arange(len(place)) - before], place))
    owner, place = np.concatenate(pairs, axis=1)
    owner, place = np.divmod(np.unique(owner * len(order) + place), max(1, len(order)))
    return np.split(order[place], np.searchsorted(owner, np.arange(1, len(ranges))))


@dataclass(frozen=True, slots=True, eq=False)
class _SegmentRanges:
    """What of ranges lies in one segment."""

    offsets: Addresses
    """In the file, shape (m, 2)."""
    addresses: Addresses
    """In memory, as if the file were loaded at 0, shape (m, 2)."""


def _map_to_segments(segments: tuple[ElfSegment, ...], ranges: Addresses, perms: str) -> list[_SegmentRanges]:
    """What ranges of the file are in each segment."""

    def mismatch_of(segment: ElfSegment) -> tuple[int, bool, bool]:
        """How little a segment fits, and how little it is like the permissions."""
        unlike = bool(segment.flags & EXECUTE) != ("x" in perms), bool(segment.flags & WRITE) != ("w" in perms)
        return -segment.matching_mappings, *unlike

    left, parts = ranges, list[_SegmentRanges]()
    for segment in sorted(segments, key=mismatch_of):
        low, high = segment.pages
        part = _clip(left, low, high)
        left = np.concatenate([_clip(left, 0, low), _clip(left, high, _MAX_ADDRESS)])
        parts.append(_SegmentRanges(part, part - np.uint64(low) + np.uint64(segment.address - segment.offset + low)))
    return parts


def _clip(ranges: Addresses, low: int, high: int) -> Addresses:
    """What of ranges lies between two bounds."""
    clipped = np.clip(ranges, np.uint64(low), np.uint64(high))
    return clipped[clipped[:, 0] < clipped[:, 1]]


def _read_names(elf: Elf, fd: int, rows: NDArray[np.intp]) -> tuple[str, ...]:
    """The names of symbols, each once: versions of a variable may have several sizes."""
    return tuple(dict.fromkeys(elf.read_name(fd, row) for row in rows.tolist()))


def _deduplicate(elf: Elf, found: NDArray[np.intp]) -> NDArray[np.intp]:
    """The symbols in address order, one of those that stand for the same thing."""
    start, end, preference = elf.symbols.start[found], elf.symbols.end[found], _PREFERENCE[elf.bindings[found]]
    order = np.lexsort((preference, end, start))
    start, end = start[order], end[order]
    another = np.ones(len(found), np.bool_)
    another[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    return found[order][another]
