"""What has a name on the pages of a mapped file: its variables and functions, else its sections."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses, Mappings
from smapstop.proc.demangling import Demangler
from smapstop.proc.elf import EXECUTE, WRITE, Elf, Places, Segment, read_elf
from smapstop.proc.pages import PAGE_BYTES
from smapstop.proc.process import ProcDir
from smapstop.proc.runs import Page, PageRuns

MOST_FILES = 64
"""ELF files that are remembered."""
MOST_SYMBOLS_KEPT = 2_000_000
"""Symbols of them, 21 bytes each; one file with more is remembered alone."""

MOST_PAIRS = 10_000_000
"""So often may symbols lie on runs of pages; only a file made for it has more."""

T = TypeVar("T")

_TOP = 2**64 - 1
_PREFERENCE = np.array([2, 0, 1, *[2] * 13], np.uint8)
"""Of two names for the same thing: a global one, then a weak one."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """What lies on some pages."""

    names: tuple[str, ...] = ()
    """The first ones in address order: of symbols, and of sections where no symbol lies there."""
    more: int = 0
    """How many there are beside them."""
    lacking: str = ""
    """Why there are no symbols, to be said of the file: `is stripped of its symbols`. Empty when it has some."""

    @property
    def listed(self) -> tuple[str, ...]:
        """The names and, as the last one, how many more there are."""
        return (*self.names, f"{self.more:,} more") if self.more else self.names


def symbols_in(elf: Elf, fd: int, ranges: Addresses, perms: str, *, most: int = 4) -> Symbols:
    """What lies on pages of an ELF file.

    Where segments share a page of the file, which is then mapped for each of them, the permissions tell which one is
    meant. Of several names for the same thing one is given, as the file has it.

    Args:
        elf: What `read_elf` said of the file.
        fd: Of the file.
        ranges: Offsets into the file, whole pages, in order, disjoint, shape (n, 2); see `PageRuns.in_file`.
        perms: Of the pages, as of `Mappings`: with `w` also where they were written and are now read-only (RELRO).
        most: How many names to give.

    Raises:
        OSError: The file cannot be read.
    """
    memory = [part.addresses for part in _in_memory(elf.segments, ranges, perms)]
    found = np.unique(np.concatenate([np.zeros(0, np.intp), *(elf.symbols.touching(part) for part in memory)]))
    if len(found):
        distinct = _distinct(elf, found)
        return Symbols(_names(elf, fd, distinct[:most]), max(0, len(distinct) - most))
    sections = np.unique(np.concatenate([found, *(elf.sections.touching(part) for part in memory)]))
    sections = sections[np.argsort(elf.sections.start[sections], kind="stable")]
    names = tuple(elf.section_names[row] for row in sections[:most].tolist())
    return Symbols(names, max(0, len(sections) - most), elf.lacking)


def symbols_on_each(elf: Elf, fd: int, ranges: Addresses, perms: str, *, most: int = 4) -> list[Symbols]:
    """What lies on each of some ranges of pages: as `symbols_in` says of one, but of many at once.

    Args:
        elf: What `read_elf` said of the file.
        fd: Of the file.
        ranges: Offsets into the file, whole pages, in order, disjoint, shape (n, 2).
        perms: As for `symbols_in`.
        most: How many names to give for each.

    Raises:
        OSError: The file cannot be read.
    """
    if not len(ranges):
        return []
    parts = _in_memory(elf.segments, ranges, perms)
    nothing = np.zeros(0, np.intp)
    near = np.unique(np.concatenate([nothing, *(elf.symbols.touching(part.addresses) for part in parts)]))
    symbols = _by_range(elf.symbols, _distinct(elf, near), ranges, parts)
    if symbols is None:
        return [Symbols(lacking="has too many symbols that overlap")] * len(ranges)
    in_order = np.argsort(elf.sections.start, kind="stable")
    sections = _by_range(elf.sections, in_order, ranges, parts) or [nothing] * len(ranges)
    named = []
    for on_symbols, on_sections in zip(symbols, sections, strict=True):
        if len(on_symbols):
            named.append(Symbols(_names(elf, fd, on_symbols[:most]), max(0, len(on_symbols) - most)))
        else:
            names = tuple(elf.section_names[row] for row in on_sections[:most].tolist())
            named.append(Symbols(names, max(0, len(on_sections) - most), elf.lacking))
    return named


def _by_range(
    places: Places, order: NDArray[np.intp], ranges: Addresses, parts: "list[_Part]"
) -> list[NDArray[np.intp]] | None:
    """Which places lie on each range, those of `order` in its order; None when they overlap beyond measure."""
    start, end = places.start[order], places.end[order]
    pairs = [(np.zeros(0, np.intp), np.zeros(0, np.intp))]
    for part in parts:
        first_not_before = np.searchsorted(part.addresses[:, 1], start, "right")
        count = np.maximum(np.searchsorted(part.addresses[:, 0], end, "left") - first_not_before, 0)
        if count.sum() > MOST_PAIRS:
            return None
        place = np.repeat(np.arange(len(order)), count)
        before = np.repeat(np.cumsum(count) - count - first_not_before, count)
        owners = np.searchsorted(ranges[:, 0], part.offsets[:, 0], "right") - 1
        pairs.append((owners[np.arange(len(place)) - before], place))
    owner, place = np.concatenate(pairs, axis=1)
    owner, place = np.divmod(np.unique(owner * len(order) + place), max(1, len(order)))
    return np.split(order[place], np.searchsorted(owner, np.arange(1, len(ranges))))


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What of ranges lies in one segment."""

    offsets: Addresses
    """In the file, shape (m, 2)."""
    addresses: Addresses
    """In memory, as if the file were loaded at 0, shape (m, 2)."""


def _in_memory(segments: tuple[Segment, ...], ranges: Addresses, perms: str) -> list[_Part]:
    """What ranges of the file are in each segment."""

    def unlike(segment: Segment) -> tuple[bool, bool]:
        """How little a segment is like the permissions."""
        return bool(segment.flags & EXECUTE) != ("x" in perms), bool(segment.flags & WRITE) != ("w" in perms)

    left, parts = ranges, list[_Part]()
    for segment in sorted(segments, key=unlike):
        low = segment.offset - segment.offset % PAGE_BYTES
        high = segment.offset + segment.file_bytes + -(segment.offset + segment.file_bytes) % PAGE_BYTES
        part = _clipped(left, low, high)
        left = np.concatenate([_clipped(left, 0, low), _clipped(left, high, _TOP)])
        parts.append(_Part(part, part - np.uint64(low) + np.uint64(segment.address - segment.offset + low)))
    return parts


def _clipped(ranges: Addresses, low: int, high: int) -> Addresses:
    """What of ranges lies between two bounds."""
    clipped = np.clip(ranges, np.uint64(low), np.uint64(high))
    return clipped[clipped[:, 0] < clipped[:, 1]]


def _names(elf: Elf, fd: int, rows: NDArray[np.intp]) -> tuple[str, ...]:
    """The names of symbols, each once: versions of a variable may have several sizes."""
    return tuple(dict.fromkeys(elf.name(fd, row) for row in rows.tolist()))


def _distinct(elf: Elf, found: NDArray[np.intp]) -> NDArray[np.intp]:
    """The symbols in address order, one of those that stand for the same thing."""
    start, end, preference = elf.symbols.start[found], elf.symbols.end[found], _PREFERENCE[elf.bindings[found]]
    order = np.lexsort((preference, end, start))
    start, end = start[order], end[order]
    another = np.ones(len(found), np.bool_)
    another[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    return found[order][another]


def open_mapped(process: ProcDir, name: str, start: int, end: int, device: str, inode: int) -> int | None:
    """Open the file of a mapping, which the caller closes; None when it may not be opened, or is another one by now.

    It is looked for where the process sees it, in its own root and mount namespace; where it was deleted or replaced,
    by its mapping (/proc/PID/map_files, for root).

    Args:
        process: That has the mapping.
        name: As of `Mappings`.
        start: First address of the mapping.
        end: First address after it.
        device: As of `Mappings`.
        inode: As of `Mappings`; 0 is no file.
    """
    if not inode:
        return None
    for way in (f"root/{name}", f"map_files/{start:x}-{end:x}"):
        fd = _open_same(process, way.replace("\\012", "\n"), device, inode)  # as the kernel prints newlines
        if fd is not None:
            return fd
    return None


def _open_same(process: ProcDir, way: str, device: str, inode: int) -> int | None:
    """Open a regular file if it is the one with this inode."""
    try:
        seen = process.open(way, os.O_PATH)  # opens nothing yet: it may be a device, or a pipe without a writer
    except OSError:
        return None
    try:
        status = os.fstat(seen)
        if not stat.S_ISREG(status.st_mode) or status.st_ino != inode or not _same_device(status.st_dev, device):
            return None
        return os.open(f"/proc/self/fd/{seen}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    finally:
        os.close(seen)


def _same_device(number: int, device: str) -> bool:
    """Whether a device is the one of a mapping; btrfs and overlayfs have two, and one of them has no major number."""
    major, minor = (int(part, 16) for part in device.split(":"))
    return not major or not os.major(number) or (major, minor) == (os.major(number), os.minor(number))


class ElfFiles:
    """ELF files, each read once while it stays the same: its device, inode, time of change and size."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int, int], Elf] = {}
        self._demangler = Demangler()

    def get(self, fd: int) -> Elf:
        """What an open file says; see `read_elf`."""
        status = os.fstat(fd)
        key = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
        elf = self._known.pop(key, None)
        self._known[key] = elf = read_elf(fd) if elf is None else elf  # the latest used is the last
        while len(self._known) > 1 and self._too_many():
            del self._known[next(iter(self._known))]
        return elf

    def _too_many(self) -> bool:
        """Whether the oldest must be forgotten."""
        symbols = sum(len(elf.symbols) for elf in self._known.values())
        return len(self._known) > MOST_FILES or symbols > MOST_SYMBOLS_KEPT

    def symbols_of(self, process: ProcDir, mappings: Mappings, row: int, runs: PageRuns, *, most: int = 4) -> Symbols:
        """What lies on pages of a mapping, by names as the language of the program has them.

        Nothing, with the reason in `lacking`, when its file cannot be read.

        Args:
            process: That the mappings are of.
            mappings: A reading of its memory map.
            row: Of the mapping.
            runs: Pages of it.
            most: How many names to give.
        """
        copied = (runs.flags & Page.FILE == 0).any()

        def named(elf: Elf, fd: int, perms: str) -> Symbols:
            ranges = runs.in_file(int(mappings.start[row]), int(mappings.offset[row]))
            return symbols_in(elf, fd, ranges, perms + "w" * bool(copied), most=most)

        found = self._in_file(process, mappings, row, named)
        return Symbols(lacking=found) if isinstance(found, str) else self._demangled([found])[0]

    def symbols_of_each(
        self, process: ProcDir, mappings: Mappings, row: int, runs: PageRuns, *, most: int = 4
    ) -> list[Symbols]:
        """What lies on each run of pages of a mapping; the arguments as of `symbols_of`."""

        def named(elf: Elf, fd: int, perms: str) -> list[Symbols]:
            ranges = runs.in_file(int(mappings.start[row]), int(mappings.offset[row]))
            of_file = runs.flags & Page.FILE != 0
            kept = iter(symbols_on_each(elf, fd, ranges[of_file], perms, most=most))
            written = iter(symbols_on_each(elf, fd, ranges[~of_file], perms + "w", most=most))
            return [next(kept if kept_one else written) for kept_one in of_file.tolist()]

        found = self._in_file(process, mappings, row, named)
        return [Symbols(lacking=found)] * len(runs) if isinstance(found, str) else self._demangled(found)

    def _demangled(self, found: list[Symbols]) -> list[Symbols]:
        """The same with names as their language has them, each once: several functions may be called alike."""
        plain = self._demangler.names(name for symbols in found for name in symbols.names)
        return [
            replace(symbols, names=tuple(dict.fromkeys(plain[name] for name in symbols.names))) for symbols in found
        ]

    def _in_file(self, process: ProcDir, mappings: Mappings, row: int, ask: Callable[[Elf, int, str], T]) -> T | str:
        """What the file of a mapping answers when asked, or why it cannot be."""
        start, end, inode = int(mappings.start[row]), int(mappings.end[row]), int(mappings.inode[row])
        device = mappings.text(mappings.device, row)
        fd = open_mapped(process, mappings.name_of(row), start, end, device, inode)
        if fd is None:
            return "is gone, replaced, or may not be read" if inode else "is no file"
        try:
            return ask(self.get(fd), fd, mappings.perms_of(row))
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        finally:
            os.close(fd)
