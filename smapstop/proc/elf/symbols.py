"""Find the variables and functions, or else the sections, on pages of a mapped ELF file."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Addresses
from smapstop.proc.elf.elf_file import EXECUTE, WRITE, AddressSpans, Elf, ElfSegment

MAX_PAIRS = 10_000_000
"""Maximum number of overlapping pairs of a symbol and a run of pages; only a crafted file has more."""

_MAX_ADDRESS = 2**64 - 1
_PREFERENCE = np.array([2, 0, 1, *[2] * 13], np.uint8)
"""Rank of a binding among symbols for the same address range: global, weak, then others."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """Symbols on some pages."""

    names: tuple[str, ...] = ()
    """First names in address order: of symbols, or of sections if there are no symbols."""
    more_count: int = 0
    """Number of further names."""
    missing_reason: str = ""
    """Why there are no symbols, as a predicate of the file: `is stripped of its symbols`; empty if it has symbols."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names, followed by the number of further ones."""
        return (*self.names, f"{self.more_count:,} more") if self.more_count else self.names


def find_symbols_in_ranges(elf: Elf, fd: int, ranges: Addresses, perms: str, *, most: int = 4) -> Symbols:
    """Find the symbols on pages of an ELF file.

    If segments share a page of the file, which is then mapped for each of them, the mappings decide which segment is
    meant (`match_segments`), or else the permissions. Only one of several names for an address range is returned, as
    it is in the file.

    Args:
        elf: Result of `read_elf` for the file.
        fd: The file that has the symbols.
        ranges: File offsets of whole pages, in order, disjoint, shape (n, 2); see `PageRuns.file_ranges`.
        perms: Permissions of the pages, as in `Mappings`; with `w` if they were written before becoming read-only
            (RELRO).
        most: Maximum number of names.

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
    """Find the symbols on each range of pages: like `find_symbols_in_ranges`, for many ranges at once.

    Args:
        elf: Result of `read_elf` for the file.
        fd: The file that has the symbols.
        ranges: File offsets of whole pages, in order, disjoint, shape (n, 2).
        perms: As for `find_symbols_in_ranges`.
        most: Maximum number of names per range.

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
        return [Symbols(missing_reason="has too many overlapping symbols")] * len(ranges)
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
    """Return the spans on each range, out of `order` and in its order; `None` above `MAX_PAIRS`."""
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
    """Parts of ranges that are in one segment."""

    offsets: Addresses
    """File offsets, shape (m, 2)."""
    addresses: Addresses
    """Addresses, as if the file were loaded at 0, shape (m, 2)."""


def _map_to_segments(segments: tuple[ElfSegment, ...], ranges: Addresses, perms: str) -> list[_SegmentRanges]:
    """Split file ranges by segment, the best-matching segment first."""

    def mismatch_of(segment: ElfSegment) -> tuple[int, bool, bool]:
        """Sort key: fewest matching mappings last, then differing permissions last."""
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
    """Clip ranges to two bounds and drop empty ones."""
    clipped = np.clip(ranges, np.uint64(low), np.uint64(high))
    return clipped[clipped[:, 0] < clipped[:, 1]]


def _read_names(elf: Elf, fd: int, rows: NDArray[np.intp]) -> tuple[str, ...]:
    """Read the names of symbols, without duplicates: versions of a variable may differ in size."""
    return tuple(dict.fromkeys(elf.read_name(fd, row) for row in rows.tolist()))


def _deduplicate(elf: Elf, found: NDArray[np.intp]) -> NDArray[np.intp]:
    """Sort symbols by address and keep one per address range."""
    start, end, preference = elf.symbols.start[found], elf.symbols.end[found], _PREFERENCE[elf.bindings[found]]
    order = np.lexsort((preference, end, start))
    start, end = start[order], end[order]
    another = np.ones(len(found), np.bool_)
    another[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    return found[order][another]
