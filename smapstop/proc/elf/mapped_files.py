"""Open the files behind mappings and find the demangled symbols on their pages."""

import os
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from smapstop.proc.columns import Mappings, strip_deleted
from smapstop.proc.elf.debug_files import crc_of, debug_file_paths
from smapstop.proc.elf.demangler import Demangler
from smapstop.proc.elf.elf_file import Elf, read_elf
from smapstop.proc.elf.segments import bss_segment, file_row, match_segments
from smapstop.proc.elf.symbols import Symbols, find_symbols_by_range, find_symbols_in_ranges
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.process import ProcDir

MAX_CACHED_FILES = 64
"""Maximum number of cached ELF files."""
MAX_CACHED_SYMBOLS = 2_000_000
"""Maximum number of cached symbols, 21 bytes each; a single file with more is still cached."""

_NO_FILE = re.compile(
    r"[^/]|/(dev(?!/shm/)|sys|proc)/|/(memfd:|SYSV|\[aio\]|dmabuf:|drm mm object|anon_hugepage|secretmem)"
)
"""Names that have an inode, but are of devices, kernel objects and shared memory."""

T = TypeVar("T")


def is_no_file(name: str) -> bool:
    """Whether a mapping that has an inode is named for a device, a kernel object or shared memory."""
    return bool(_NO_FILE.match(name))


def open_mapped_file(process: ProcDir, name: str, start: int, end: int, device: str, inode: int) -> int | None:
    """Open the file of a mapping; `None` if it may not be opened, or has been replaced. The caller closes the fd.

    It is opened by its path in the process's root and mount namespace or, if it was deleted or replaced, as the
    running program (/proc/PID/exe) or through the mapping (/proc/PID/map_files, for root); if the process has ended,
    by the same path here, if that leads to the same file.

    Args:
        process: Process that has the mapping.
        name: As in `Mappings`.
        start: First address of the mapping.
        end: First address past it.
        device: As in `Mappings`.
        inode: As in `Mappings`; 0 for no file.
    """
    if not inode:
        return None
    for way in (f"root/{name}", "exe", f"map_files/{start:x}-{end:x}", name):
        fd = _open_inode(process, way.replace("\\012", "\n"), device, inode)  # the kernel's escape for newlines
        if fd is not None:
            return fd
    return None


def _open_inode(process: ProcDir, way: str, device: str, inode: int) -> int | None:
    """Open a regular file if it has this device and inode."""

    def is_same(status: os.stat_result) -> bool:
        return status.st_ino == inode and _same_device(status.st_dev, device)

    return open_regular(process, way, is_same)


def open_regular(
    process: ProcDir, way: str, is_it: Callable[[os.stat_result], bool] = lambda _: True, flags: int = 0
) -> int | None:
    """Open a regular file if the predicate accepts it; the caller closes the fd.

    Args:
        process: Process from whose directory in /proc the way leads.
        way: The way there.
        is_it: The predicate.
        flags: O_NOFOLLOW for a file in a directory in which others may put links.
    """
    try:
        path_fd = process.open(
            way, os.O_PATH | flags
        )  # does not open it yet: it may be a device, or a pipe without a writer
    except OSError:
        return None
    try:
        status = os.fstat(path_fd)
        if not stat.S_ISREG(status.st_mode) or not is_it(status):
            return None
        return os.open(f"/proc/self/fd/{path_fd}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    finally:
        os.close(path_fd)


def _same_device(number: int, device: str) -> bool:
    """Whether a device is that of a mapping; on btrfs and overlayfs the two differ, and one has major number 0."""
    major, minor = (int(part, 16) for part in device.split(":"))
    return not major or not os.major(number) or (major, minor) == (os.major(number), os.minor(number))


_Identity = tuple[int, int, int, int]


def _identity(fd: int) -> _Identity:
    """Return the cache key of an open file, which changes if the file does."""
    status = os.fstat(fd)
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


class ElfCache:
    """Cache of ELF files by device, inode, modification time and size."""

    def __init__(self) -> None:
        self._cache: dict[_Identity, Elf] = {}
        self._crcs: dict[_Identity, int | None] = {}
        self._demangler = Demangler()

    def get(self, fd: int) -> Elf:
        """Return the parsed file of an fd; see `read_elf`."""
        key = _identity(fd)
        elf = self._cache.pop(key, None)
        self._cache[key] = elf = read_elf(fd) if elf is None else elf  # most recently used last
        while len(self._cache) > 1 and self._is_over_limit():
            oldest = next(iter(self._cache))
            del self._cache[oldest]
            self._crcs.pop(oldest, None)
        return elf

    def _is_over_limit(self) -> bool:
        """Whether the least recently used file must be evicted."""
        symbols = sum(len(elf.symbols) for elf in self._cache.values())
        return len(self._cache) > MAX_CACHED_FILES or symbols > MAX_CACHED_SYMBOLS

    def find_symbols(
        self, process: ProcDir, mappings: Mappings, row: int, page_sets: Sequence[PageRuns], *, most: int = 4
    ) -> list[Symbols]:
        """Find the demangled symbols on each set of pages of a mapping.

        The mapping may also be the zeroed data of a file, mapped without it (.bss).

        If the file cannot be read, the results are empty and have a `missing_reason`.

        Args:
            process: Process that has the mapping.
            mappings: A reading of its memory map.
            row: Row of the mapping.
            page_sets: Sets of its pages, with one result each.
            most: Maximum number of names per set.
        """
        of = file_row(mappings, row)

        def find_names(elf: Elf, fd: int, perms: str) -> list[Symbols]:
            return [
                find_symbols_in_ranges(
                    elf,
                    fd,
                    runs.file_ranges(int(mappings.start[of]), int(mappings.offset[of])),
                    perms + "w" * bool((runs.flags & PageFlags.FILE == 0).any()),
                    most=most,
                )
                for runs in page_sets
            ]

        found = self._query_file(process, mappings, row, find_names)
        return [Symbols(missing_reason=found)] * len(page_sets) if isinstance(found, str) else self._demangle(found)

    def find_symbols_by_run(
        self, process: ProcDir, mappings: Mappings, row: int, runs: PageRuns, *, most: int = 4
    ) -> list[Symbols]:
        """Find the demangled symbols on each run of pages of a mapping; arguments as for `find_symbols`."""
        of = file_row(mappings, row)

        def find_names(elf: Elf, fd: int, perms: str) -> list[Symbols]:
            ranges = runs.file_ranges(int(mappings.start[of]), int(mappings.offset[of]))
            of_file = runs.flags & PageFlags.FILE != 0
            kept = iter(find_symbols_by_range(elf, fd, ranges[of_file], perms, most=most))
            written = iter(find_symbols_by_range(elf, fd, ranges[~of_file], perms + "w", most=most))
            return [next(kept if kept_one else written) for kept_one in of_file.tolist()]

        found = self._query_file(process, mappings, row, find_names)
        return [Symbols(missing_reason=found)] * len(runs) if isinstance(found, str) else self._demangle(found)

    def _demangle(self, found: list[Symbols]) -> list[Symbols]:
        """Demangle the names and drop duplicates: several functions may have the same demangled name."""
        plain = self._demangler.demangle(name for symbols in found for name in symbols.names)
        return [
            replace(symbols, names=tuple(dict.fromkeys(plain[name] for name in symbols.names))) for symbols in found
        ]

    def _query_file(
        self, process: ProcDir, mappings: Mappings, row: int, query: Callable[[Elf, int, str], T]
    ) -> T | str:
        """Call `query` with the file of a mapping; return its result, or the reason why there is no such file."""
        of = file_row(mappings, row)
        start, end, inode = int(mappings.start[of]), int(mappings.end[of]), int(mappings.inode[of])
        device, name = mappings.string_at(mappings.device, of), mappings.name_of(of)
        fd = open_mapped_file(process, name, start, end, device, inode)
        if fd is None:
            is_file = inode and not is_no_file(name)
            return "was deleted or replaced, or may not be read" if is_file else "is not a file"
        debug_fd = None
        try:
            elf = self.get(fd)
            debug_fd = None if elf.has_symtab else self.open_debug_file(process, strip_deleted(name), elf)
            if debug_fd is not None:
                elf = elf.with_symbols_of(self.get(debug_fd))
            elf = match_segments(elf, mappings, of)
            elf = elf if of == row else bss_segment(elf, mappings, of)
            return query(elf, fd if debug_fd is None else debug_fd, mappings.perms_of(row))
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        finally:
            os.close(fd)
            if debug_fd is not None:
                os.close(debug_fd)

    def open_debug_file(self, process: ProcDir, path: str, elf: Elf) -> int | None:
        """Open the debug file of a stripped file; `None` if there is none. The caller closes the fd.

        It is searched in the process's root, then in ours: containers rarely have debug files.
        """
        in_its_root = [f"root/{candidate}" for candidate in debug_file_paths(path, elf.build_id, elf.debug_link)]
        for candidate in (*in_its_root, *debug_file_paths(path, elf.build_id, None)):
            fd = open_regular(process, candidate.replace("\\012", "\n"))
            if fd is None:
                continue
            try:
                if self._is_debug_file_of(fd, elf):
                    return fd
            except OSError:
                pass  # as if it did not exist
            os.close(fd)
        return None

    def _is_debug_file_of(self, fd: int, elf: Elf) -> bool:
        """Whether a file is the debug file of `elf`: same build-id or, without one, the CRC of its debug link."""
        debug = self.get(fd)
        if not debug.has_symtab:
            return False
        if debug.build_id and elf.build_id:
            return debug.build_id == elf.build_id
        return elf.debug_link is not None and self._cached_crc(fd) == elf.debug_link.crc

    def _cached_crc(self, fd: int) -> int | None:
        """Return the CRC of a file, computed once."""
        key = _identity(fd)
        if key not in self._crcs:
            self._crcs[key] = crc_of(fd)
        return self._crcs[key]
