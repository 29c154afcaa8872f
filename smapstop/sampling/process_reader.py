"""Read a process completely: never a mix of two programs, never truncated; missing permissions are data."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from smapstop.lazy_dataclass import dataclass
from smapstop.model.tick import Tier
from smapstop.proc.columns import Counters, Mappings, no_mappings
from smapstop.proc.process import ProcDir, access_error
from smapstop.proc.remote.cgroup import RemoteCgroup
from smapstop.proc.smaps.parser import SmapsParser, drop_torn, parse_rollup
from smapstop.sampling.added_columns.memory_filesystems import MemoryFilesystems
from smapstop.sampling.added_columns.object_columns import ObjectColumns
from smapstop.sampling.added_columns.program_facts import ProgramFacts

_COUNTERS = ("stat", "statm", "status")
_FILES: dict[Tier, tuple[str, ...]] = {
    "smaps": (*_COUNTERS, "smaps", *_COUNTERS),
    "rollup": (*_COUNTERS, "smaps_rollup"),
    "counters": _COUNTERS,
}
"""Files that a reading reads, in order."""
_LIMITS = ("limits", "/proc/sys/vm/max_map_count")


@dataclass(frozen=True, slots=True, eq=False)
class ProcessReading:
    """One reading of a process, with its time."""

    wall_ns: int
    """Start of the reading, wall clock, ns."""
    monotonic_ns: int
    """Start of the reading, monotonic clock, ns."""
    read_ns: int
    """Duration of the reading, ns."""
    counted_ns: int
    """Time after the counters were read, monotonic clock, ns."""
    tier: Tier
    """How much was read."""
    counters: Counters
    """Read before the mappings."""
    counters_after: Counters
    """Read after the mappings: no page in them took a fault that is not counted here."""
    mappings: Mappings
    """Every mapping; empty when smaps was not read or is not readable."""
    has_mappings: bool
    """Whether smaps was read."""
    rollup: dict[str, int]
    """Totals of smaps_rollup, kB; empty when it was not read."""
    torn: bool
    """The map changed during the reading; overlapping records were dropped."""
    executed: bool
    """The process has executed another program since the last reading."""
    missing: str
    """Why the mappings could not be read, and the remedy; empty otherwise."""


class ProcessReader:
    """Read one process repeatedly, reusing the parser with its buffer and string table."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._parser = SmapsParser()
        self._objects = ObjectColumns(process)
        self._memory_files = MemoryFilesystems(process)
        self._facts = ProgramFacts(process)
        self._image = 0
        self._began_ns: tuple[int, int] | None = None
        """When the files were asked for together, wall clock and monotonic clock."""

    @contextmanager
    def prefetch(self, tier: Tier, group: RemoteCgroup | None = None) -> Iterator[None]:
        """Read the files of a tick at once, those of its limits included; see `ProcDir.prefetch`."""
        long, short = ([], []) if group is None else (group.long_files, group.short_files)
        self._began_ns = time.time_ns(), time.monotonic_ns()
        try:
            with self._process.prefetch((*_FILES[tier], *_LIMITS, *long), short):
                yield
        finally:
            self._began_ns = None

    def read(self, tier: Tier) -> ProcessReading:
        """Read the process once; a missing permission is part of the reading, not an error.

        Args:
            tier: What to read; after an exec everything is read.

        Raises:
            OSError: ENOENT or ESRCH: the process is gone.
        """
        wall_ns, monotonic_ns = self._began_ns or (time.time_ns(), time.monotonic_ns())
        counters = self._process.counters()
        counters_after, counted_ns = counters, time.monotonic_ns()
        if self._has_executed(counters):
            tier = "smaps"
        mappings, rollup, torn, missing = None, dict[str, int](), False, ""
        try:
            if tier == "smaps":
                self._objects.begin()
                counters, counters_after = self._read_whole_smaps(counters)
                self._objects.end()
                raw = self._parser.parse_buffer()
                kept = drop_torn(raw)
                torn = kept is not raw
                mappings = self._objects.add_to(self._facts.add_to(self._memory_files.add_to(kept)))
                self._parser.carry_fields(mappings)
            elif tier == "rollup":
                rollup = parse_rollup(self._process.read_rollup())
        except PermissionError as error:
            missing = str(access_error(self._process.pid, error, is_local=self._process.is_local))
        except FileNotFoundError:
            if tier != "rollup":
                raise
            tier = "counters"  # this kernel has no smaps_rollup
        read_ns = time.monotonic_ns() - monotonic_ns
        executed = self._has_executed(counters)
        self._image = counters.image or self._image
        return ProcessReading(
            wall_ns=wall_ns,
            monotonic_ns=monotonic_ns,
            read_ns=read_ns,
            counted_ns=counted_ns,
            tier=tier,
            counters=counters,
            counters_after=counters_after,
            mappings=no_mappings(self._parser.strings) if mappings is None else mappings,
            has_mappings=mappings is not None,
            rollup=rollup,
            torn=torn,
            executed=executed,
            missing=missing,
        )

    def _has_executed(self, counters: Counters) -> bool:
        """Whether the process has executed another program; an image that is not readable does not count as one."""
        return bool(self._image and counters.image) and self._image != counters.image

    def _read_whole_smaps(self, counters: Counters) -> tuple[Counters, Counters]:
        """Read smaps to its end, into the buffer of the parser.

        An exec or exit in the middle truncates the text, which looks like end of file.

        Returns:
            The counters of the program that the text belongs to (a new one after an exec), before and after it was
            read.

        Raises:
            OSError: As for `ProcDir.read`; ESRCH also when the process is a zombie or dead.
        """
        text = self._process.read_smaps_into(self._parser.buffer)
        after = self._process.counters()
        if after.image != counters.image:
            counters = after
            text = self._process.read_smaps_into(self._parser.buffer)
            after = self._process.counters()
        if not text or (after.state in "ZX" and (after.threads or 0) <= 1):
            raise ProcessLookupError
        return counters, after
