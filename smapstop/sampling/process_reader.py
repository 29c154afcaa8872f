"""One complete reading of a process: never of two programs, never cut short, with what could not be read as data."""

import time
from dataclasses import dataclass

from smapstop.model.tick import Tier
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.process import ProcDir, access_error
from smapstop.proc.read_buffer import ReadBuffer
from smapstop.proc.smaps.parser import SmapsParser, drop_torn, parse_rollup


@dataclass(frozen=True, slots=True, eq=False)
class ProcessReading:
    """What the kernel said of a process, and when."""

    wall_ns: int
    """When the reading began, on the wall clock."""
    monotonic_ns: int
    """The same moment on the monotonic clock."""
    read_ns: int
    """How long the reading took."""
    tier: Tier
    """How much was read."""
    counters: Counters
    mappings: Mappings
    """Every mapping; none when they were not read, or may not be."""
    has_mappings: bool
    """Whether the mappings were read."""
    rollup: dict[str, int]
    """The totals of smaps_rollup, kB; empty when it was not read."""
    torn: bool
    """The map changed while it was read; overlapping records were dropped."""
    executed: bool
    """This is another program than at the last reading."""
    missing: str
    """Why the mappings could not be read, and what to do."""


class ProcessReader:
    """Reads one process again and again; keeps the memory, the texts and the parser of the last reading."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._parser = SmapsParser()
        self._buffer = ReadBuffer()
        self._image = 0

    def read(self, tier: Tier) -> ProcessReading:
        """Read the process once; what may not be read any more is part of the reading, and no error.

        Args:
            tier: How much to read; of a new program everything is read.

        Raises:
            OSError: ENOENT or ESRCH: the process is gone.
        """
        wall_ns, monotonic_ns = time.time_ns(), time.monotonic_ns()
        counters = self._process.counters()
        if self._has_executed(counters):
            tier = "smaps"
        mappings, rollup, torn, missing = None, dict[str, int](), False, ""
        try:
            if tier == "smaps":
                counters, text = self._read_whole_smaps(counters)
                raw = self._parser.parse(text)
                mappings = drop_torn(raw)
                torn = mappings is not raw
            elif tier == "rollup":
                rollup = parse_rollup(self._process.read_rollup())
        except PermissionError as error:
            missing = str(access_error(self._process.pid, error))
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
            tier=tier,
            counters=counters,
            mappings=self._parser.parse(b"") if mappings is None else mappings,
            has_mappings=mappings is not None,
            rollup=rollup,
            torn=torn,
            executed=executed,
            missing=missing,
        )

    def _has_executed(self, counters: Counters) -> bool:
        """Whether this is another program than last time; an image that may not be read now is no other program."""
        return bool(self._image and counters.image) and self._image != counters.image

    def _read_whole_smaps(self, counters: Counters) -> tuple[Counters, memoryview]:
        """Read smaps to its end: an exec or an exit in the middle cuts the text short, and looks like a normal end.

        Returns:
            The counters of the program that the text is of, which is a new one when it has just begun; and the text.

        Raises:
            OSError: As for `ProcDir.read`; also when the process has ended and only its entry is left.
        """
        text = self._process.read_smaps_into(self._buffer)
        after = self._process.counters()
        if after.image != counters.image:
            counters = after
            text = self._process.read_smaps_into(self._buffer)
            after = self._process.counters()
        if not text or (after.state in "ZX" and after.threads <= 1):
            raise ProcessLookupError
        return counters, text
