"""Pages of a mapping as runs of equal pages: state, file offset and symbols."""

import errno
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import Kind, backing_of, kind_at, with_data_files
from smapstop.model.labels import Label
from smapstop.proc.columns import Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.elf.segments import file_row
from smapstop.proc.elf.symbols import Symbols
from smapstop.proc.pages.page_frames import FrameFlags, FrameRuns, read_frame_runs
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import PAGE_STATES, PageState, states_of_runs
from smapstop.proc.pages.pagemap import read_page_runs, read_sharing
from smapstop.proc.process import PAGEMAP_REMEDY, ProcDir, access_error
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.added_columns.memory_filesystems import MemoryFilesystems

MAX_NAMES = 32
"""Maximum number of symbol names per run."""


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """Page frame information of a run; only root can read it."""

    flags: FrameFlags
    map_count: int
    """Number of mappings of each page, in all processes."""


@dataclass(frozen=True, slots=True)
class PageRange:
    """A run of neighbouring pages with the same state and symbols."""

    start: int
    end: int
    """First address after it."""
    offset: int | None
    """Offset in the file, bytes; None without a file."""
    state: PageState
    flags: PageFlags
    symbols: Symbols
    frame_info: FrameInfo | None
    """None if not requested, not permitted, or not in memory."""

    @property
    def kb(self) -> int:
        """Size, kB."""
        return (self.end - self.start) // 1024


@dataclass(frozen=True, slots=True, eq=False)
class PageList:
    """All pages of a mapping, including those that are not present."""

    mappings: Mappings
    """A reading of the memory map, without fields."""
    row: int
    """Row of the mapping."""
    runs: list[PageRange]
    """Runs in address order, without gaps."""
    source: str
    page_bytes: int
    has_frame_info: bool | None
    """Whether frame information could be read; None if not requested."""
    label: Label | None = None
    """Purpose of memory without a name."""

    def with_label(self, label: Label | None) -> "PageList":
        """The same with a label; symbols of the file confirm its .bss."""
        is_confirmed = label is not None and label.may_be_bss and any(run.symbols.names for run in self.runs)
        return replace(self, label=replace(label, guess=False) if label is not None and is_confirmed else label)


def read_map(process: ProcDir) -> Mappings:
    """Read the memory map, without fields.

    Raises:
        SmapstopError: The process has none, or it may not be read.
    """
    try:
        text = process.read_maps()
    except OSError as error:
        raise access_error(process.pid, error) from error
    if not text:
        process.require_memory()
        raise SmapstopError(f"process {process.pid} has just ended")
    return with_data_files(MemoryFilesystems(process).add_to(parse_smaps(text)))


def pagemap_error(process: ProcDir, error: OSError) -> SmapstopError:
    """Error for a pagemap that cannot be read although the map could be.

    Raises:
        SmapstopError: The process has ended.
    """
    pid = process.pid
    if error.errno in (errno.EACCES, errno.EPERM):
        what = f"not permitted to see the pages of process {pid}, although its memory map may be read"
        return SmapstopError(what, PAGEMAP_REMEDY)
    if error.errno == errno.ESRCH:
        process.require_memory()
        what = f"the main thread of process {pid} has ended, so the kernel no longer shows its pages"
        return SmapstopError(what, "smapstop snapshot still shows its mappings")
    return access_error(pid, error)


def read_page_list(process: ProcDir, mappings: Mappings, row: int, files: ElfCache, *, frame_info: bool) -> PageList:
    """Read the pages of a mapping, without its label.

    Args:
        process: Process that has the mapping.
        mappings: A reading of its memory map.
        row: Row of the mapping.
        files: Cache of ELF files.
        frame_info: Whether to read frame information, too, which takes time for each page.

    Raises:
        SmapstopError: Access to pagemap is not permitted, or the process has ended.
    """
    start, end, kind = int(mappings.start[row]), int(mappings.end[row]), kind_at(mappings, row)
    try:
        runs = read_sharing(process, read_page_runs(process, start, end))
        frames = read_frame_runs(process, runs) if frame_info else None
    except OSError as error:
        raise pagemap_error(process, error) from error
    pieces, which = _fill_holes(frames.runs if frames else runs, start, end)
    codes = states_of_runs(pieces, backing_of(kind, mappings.perms_of(row)))
    names = _names(process, mappings, row, pieces, files)
    has_file = mappings.inode[row] and kind is not Kind.DEVICE
    to_file = int(mappings.offset[row]) - start if has_file else None
    ranges = [
        PageRange(
            start=piece_start,
            end=piece_end,
            offset=None if to_file is None else piece_start + to_file,
            state=PAGE_STATES[code],
            flags=PageFlags(flags),
            symbols=symbols,
            frame_info=_frame_info(frames, run),
        )
        for piece_start, piece_end, code, flags, symbols, run in zip(
            pieces.start.tolist(),
            pieces.end.tolist(),
            codes.tolist(),
            pieces.flags.tolist(),
            names,
            which.tolist(),
            strict=True,
        )
    ]
    return PageList(mappings, row, ranges, runs.source, runs.page_bytes, frames is not None if frame_info else None)


def _names(process: ProcDir, mappings: Mappings, row: int, pieces: PageRuns, files: ElfCache) -> list[Symbols]:
    """Symbols on each piece of a mapping; pages that are not present count as the file's."""
    if not mappings.inode[file_row(mappings, row)]:
        return [Symbols()] * len(pieces)
    untouched = np.where(pieces.flags == 0, np.uint8(PageFlags.FILE), pieces.flags)
    return files.find_symbols_by_run(process, mappings, row, replace(pieces, flags=untouched), most=MAX_NAMES)


def _fill_holes(runs: PageRuns, start: int, end: int) -> tuple[PageRuns, NDArray[np.intp]]:
    """Add pieces for the gaps between runs; also return the run of each piece, -1 for a gap."""
    edges = np.array([start, end], np.uint64)
    before, after = np.append(edges[:1], runs.end), np.append(runs.start, edges[1:])
    hole = before < after
    starts, ends = np.concatenate([runs.start, before[hole]]), np.concatenate([runs.end, after[hole]])
    nothing = np.zeros(np.count_nonzero(hole), np.uint8)
    which = np.concatenate([np.arange(len(runs)), np.full(len(nothing), -1)])
    order = np.argsort(starts, kind="stable")
    flags = np.concatenate([runs.flags, nothing])[order]
    return PageRuns(starts[order], ends[order], flags, runs.known_flags, runs.page_bytes), which[order]


def _frame_info(frames: FrameRuns | None, run: int) -> FrameInfo | None:
    """Frame information of a run."""
    if frames is None or run < 0 or not frames.has_frame[run]:
        return None
    return FrameInfo(FrameFlags(int(frames.flags[run])), int(frames.map_count[run]))
