"""The pages of a process as the kernel tells them one by one, and the pages that its memory files hold."""

import itertools
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import is_private
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import Mappings
from smapstop.proc.pages.page_runs import PageFlags
from smapstop.proc.pages.pagemap import read_page_runs
from smapstop.proc.process import ProcDir

PAGE = os.sysconf("SC_PAGE_SIZE")
USER_SPACE_END = 1 << 47
_FRAME = np.uint64((1 << 55) - 1)
_EXCLUSIVE = np.uint64(1 << 56)

Pages = NDArray[np.int64]
"""Page numbers: addresses, or offsets in a file, by the page size."""
Mask = NDArray[np.bool_]
ObjectKey = tuple[str, int]
"""Device and inode."""


@dataclass(frozen=True, slots=True, eq=False)
class PageColumns:
    """State of n pages."""

    flags: NDArray[np.uint8]
    """`PageFlags`; 0 where nothing is mapped."""
    frame: NDArray[np.uint64]
    """Number of the page frame, or the place in swap; 0 where there is none."""
    exclusive: Mask
    """No other process maps the page."""

    def has(self, flag: PageFlags) -> Mask:
        mask: Mask = self.flags & np.uint8(flag) != 0
        return mask

    @property
    def zero(self) -> Mask:
        return self.has(PageFlags.ZERO)

    @property
    def present(self) -> Mask:
        """In memory, and not the zero page."""
        return self.has(PageFlags.PRESENT) & ~self.zero

    @property
    def file(self) -> Mask:
        """Of the page cache or of shared memory."""
        return self.present & self.has(PageFlags.FILE)

    @property
    def anonymous(self) -> Mask:
        return self.present & ~self.has(PageFlags.FILE)

    @property
    def swapped(self) -> Mask:
        return self.has(PageFlags.SWAPPED)

    @property
    def held(self) -> Mask:
        """In memory or in swap."""
        return self.present | self.swapped

    @property
    def huge(self) -> Mask:
        return self.present & self.has(PageFlags.HUGE)


@dataclass(frozen=True, slots=True, eq=False)
class PageTable:
    """All pages of a process that stands still, at a tick; needs root for the numbers of the frames."""

    map: MapSnapshot
    page: Pages
    """Number of each page that has flags, ascending."""
    columns: PageColumns
    objects: dict[ObjectKey, Pages]
    """Pages that each memory file holds, in memory or in swap, mapped or not."""
    unseen: frozenset[ObjectKey]
    """Memory files that hold more than that: what fallocate made and nobody touched (SEEK_DATA passes over it)."""

    @property
    def mappings(self) -> Mappings:
        return self.map.mappings

    def at(self, pages: Pages) -> PageColumns:
        """State of some pages."""
        row = np.minimum(np.searchsorted(self.page, pages), max(len(self.page) - 1, 0))
        found = self.page[row] == pages if len(self.page) else np.zeros(len(pages), bool)
        all_of = self.columns
        if not len(self.page):
            return PageColumns(np.zeros(len(pages), np.uint8), np.zeros(len(pages), np.uint64), found)
        return PageColumns(
            np.where(found, all_of.flags[row], 0).astype(np.uint8),
            np.where(found, all_of.frame[row], 0).astype(np.uint64),
            found & all_of.exclusive[row],
        )

    def row_at(self, pages: Pages) -> NDArray[np.intp]:
        """Row of the mapping that each page is in; -1 for none."""
        addresses = pages.astype(np.uint64) * np.uint64(PAGE)
        row = np.searchsorted(self.mappings.start, addresses, "right") - 1
        return np.where((row >= 0) & (addresses < self.mappings.end[np.maximum(row, 0)]), row, -1)

    def mapping_at(self, address: int) -> int | None:
        """Id of the mapping at an address."""
        row = int(self.row_at(np.array([address // PAGE]))[0])
        return int(self.map.ids[row]) if row >= 0 else None

    def key_of(self, row: int) -> ObjectKey:
        return self.mappings.string_at(self.mappings.device, row), int(self.mappings.inode[row])

    def backing_at(self, pages: Pages) -> NDArray[np.int64]:
        """A number for what backs each page: a place in an object, shared or private; 0 for none, -1 if unmapped."""
        row = self.row_at(pages)
        mappings, of = self.mappings, np.maximum(row, 0)
        base = mappings.start[of].astype(np.int64) - mappings.offset[of].astype(np.int64)
        key = mappings.inode[of].astype(np.int64) * 1_000_003 + base + is_private(mappings, of)
        return np.where(row < 0, -1, np.where(mappings.inode[of] == 0, 0, key))

    def pages_of(self, row: int) -> Pages:
        """Numbers of the pages of a mapping; none of one too large to be listed."""
        start, end = int(self.mappings.start[row]) // PAGE, int(self.mappings.end[row]) // PAGE
        first, stop = np.searchsorted(self.page, [start, end])
        return np.arange(start, end) if end - start <= 1 << 20 else self.page[first:stop]


def read_page_table(process: ProcDir, of: MapSnapshot) -> PageTable:
    """Read the pages of the mappings of a snapshot."""
    pages, flags = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
    for start, end in _joined_ranges(of.mappings):
        runs = read_page_runs(process, start, end)
        for first, stop, flag in zip(runs.start.tolist(), runs.end.tolist(), runs.flags.tolist(), strict=True):
            pages.append(np.arange(first // PAGE, stop // PAGE))
            flags.append(np.full(len(pages[-1]), flag, np.uint8))
    page = np.concatenate(pages)
    entries = _read_entries(process, page)
    columns = PageColumns(np.concatenate(flags), entries & _FRAME, entries & _EXCLUSIVE != 0)
    held = _read_objects(process, of.mappings)
    objects = {key: pages for key, (pages, _) in held.items()}
    unseen = frozenset(key for key, (pages, count) in held.items() if count > len(pages))
    return PageTable(of, page, columns, objects, unseen)


def _joined_ranges(mappings: Mappings) -> list[tuple[int, int]]:
    """Address ranges of the mappings, adjacent ones joined."""
    out: list[tuple[int, int]] = []
    for start, end in zip(mappings.start.tolist(), mappings.end.tolist(), strict=True):
        if start >= USER_SPACE_END:
            continue
        if out and out[-1][1] == start:
            out[-1] = out[-1][0], end
        else:
            out.append((start, end))
    return out


def _read_entries(process: ProcDir, page: Pages) -> NDArray[np.uint64]:
    """Entries of pagemap of some pages, in ascending order."""
    out = np.zeros(len(page), np.uint64)
    fd = process.open("pagemap")
    try:
        begins = np.flatnonzero(np.diff(page, prepend=-1) != 1).tolist()
        for first, stop in itertools.pairwise([*begins, len(page)]):
            os.preadv(fd, [out[first:stop].data], int(page[first]) * 8)
    finally:
        os.close(fd)
    return out


def _read_objects(process: ProcDir, mappings: Mappings) -> dict[ObjectKey, tuple[Pages, int]]:
    """Pages that each mapped memory file holds, and how many in all; by map_files, which only root may follow.

    Hugetlb files are left out: of them the kernel does not tell where the holes are.
    """
    out: dict[ObjectKey, tuple[Pages, int]] = {}
    disks, page_kb = _disks(process), mappings.get("kernel_page_size")
    for row in np.flatnonzero(mappings.inode).tolist():
        key = mappings.string_at(mappings.device, row), int(mappings.inode[row])
        is_memory = key[0] not in disks and not mappings.name_of(row).startswith(("anon_inode:", "socket:"))
        if key in out or not is_memory or (page_kb is not None and page_kb[row] * 1024 != PAGE):
            continue
        name = f"map_files/{int(mappings.start[row]):x}-{int(mappings.end[row]):x}"
        try:
            fd = process.open(name)
        except OSError:
            continue
        try:
            out[key] = _held_pages(fd), os.fstat(fd).st_blocks * 512 // PAGE
        finally:
            os.close(fd)
    return out


def _disks(process: ProcDir) -> set[str]:
    """Devices that are mounted and not of tmpfs, `major:minor` in hex as smaps has them."""
    out = set()
    for line in process.read("mountinfo").decode(errors="replace").splitlines():
        fields, kind = line.split(), line.split(" - ")[1].split()[0]
        major, minor = map(int, fields[2].split(":"))
        if kind not in ("tmpfs", "ramfs", "devtmpfs"):
            out.add(f"{major:02x}:{minor:02x}")
    return out


def _held_pages(fd: int) -> Pages:
    """Pages of a file that are no hole."""
    held, at, size = [np.zeros(0, np.int64)], 0, os.fstat(fd).st_size
    try:
        while at < size:
            data = os.lseek(fd, at, os.SEEK_DATA)
            at = os.lseek(fd, data, os.SEEK_HOLE)
            held.append(np.arange(data // PAGE, -(-at // PAGE)))
    except OSError:
        pass  # ENXIO: nothing but a hole from here on
    return np.concatenate(held)
