"""The sampler: reads the process, identifies its mappings, and gives one tick after the other."""

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import NO_EVENTS, Events
from smapstop.model.explain.rules import Faults, explain
from smapstop.model.identity import NONE, Match, first_match, match
from smapstop.model.mapping_rows import differing
from smapstop.model.protocol import Answer, FramesOn, Pace, PagesOf, Question, SymbolsOn
from smapstop.model.tick import Ending, Ids, Tick, Tier
from smapstop.model.totals import totals_of
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.elf.mapped_files import ElfFiles
from smapstop.proc.process import ProcDir, unreadable
from smapstop.proc.read_buffer import Memory
from smapstop.proc.smaps.parser import SmapsParser, parse_rollup, without_torn
from smapstop.proc.stat import PAGE_KB
from smapstop.sampling.cow_names import Copies
from smapstop.sampling.pacing import Pacer
from smapstop.sampling.queries import frames_seen, pages_seen, symbols_seen
from smapstop.sampling.stack_tracker import Stacks

KEYFRAME_EVERY = 120
"""Ticks between keyframes: a reader that goes back in time replays at most so many."""

_NO_IDS: Ids = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """What the kernel said this time."""

    tier: Tier
    counters: Counters
    mappings: Mappings | None
    rollup: dict[str, int]
    torn: bool
    missing: str


class Sampler:
    """Samples one process. Not a thread: its owner calls `sample` when the pacer says that a tick is due."""

    def __init__(self, process: ProcDir, pace: Pace) -> None:
        self.pacer = Pacer(pace, time.monotonic_ns())
        self._process = process
        self._files = ElfFiles()
        self._copies = Copies(process, self._files)
        self._stacks = Stacks(process)
        self._parser = SmapsParser()
        self._memory = Memory()
        self._known: tuple[Mappings, Ids] | None = None
        self._faults = Faults(0, 0)
        self._torn = False
        self._next_id = 0
        self._image = 0
        self._last: Tick | None = None
        self._since_keyframe = 0

    def sample(self) -> Tick:
        """Read the process once, and tell what changed.

        Raises:
            OSError: ENOENT or ESRCH: the process is gone.
        """
        wall_ns, monotonic_ns, cpu_ns = time.time_ns(), time.monotonic_ns(), time.process_time_ns()
        reading = self._read()
        read_ns = time.monotonic_ns() - monotonic_ns
        executed = self._has_executed(reading.counters)
        self._image = reading.counters.image or self._image
        if executed:
            self._known = None
        keyframe, found = self._identify(reading.mappings)
        mappings = self._parser.parse(b"") if reading.mappings is None else reading.mappings
        changed = self._changed(mappings, found)
        events = self._explain(reading, found, changed)
        if self._known is None:
            self._copies.begin(mappings, found.ids)
        events = self._copies.named(mappings, found.ids, events)
        stacks = () if reading.mappings is None else self._stacks.news(reading.counters, mappings, found.ids)
        carried = slice(None) if keyframe else changed
        if reading.mappings is not None:
            self._known, self._torn = (reading.mappings, found.ids), reading.torn
            self._faults = Faults(reading.counters.minor_faults, reading.counters.major_faults)
            self._next_id = found.next_id
        spent_ns = time.process_time_ns() - cpu_ns
        self.pacer.spent(reading.tier, max(spent_ns, read_ns), time.monotonic_ns())
        self._last = Tick(
            number=self._last.number + 1 if self._last else 0,
            monotonic_ns=monotonic_ns,
            wall_ns=wall_ns,
            read_ns=read_ns,
            cpu_ns=spent_ns,
            interval_ns=self.pacer.pace.interval_ns,
            smaps_interval_ns=self.pacer.interval_ns,
            counters=reading.counters,
            tier=reading.tier,
            totals=totals_of(reading.counters, reading.mappings, reading.rollup),
            keyframe=keyframe,
            ids=found.ids[carried],
            rows=mappings.take(carried),
            gone=found.gone,
            lineage=found.lineage,
            events=events,
            stacks=stacks,
            torn=reading.torn,
            executed=executed,
            missing=reading.missing,
        )
        return self._last

    def answer(self, request: Question) -> Answer:
        """Read what was asked for of one mapping, beside the ticks; there must have been one."""
        began_ns, cpu_ns = time.monotonic_ns(), time.process_time_ns()
        assert self._last is not None
        mappings, ids = self._known or (self._last.rows, _NO_IDS)
        seen: Answer
        match request:
            case PagesOf():
                seen = pages_seen(self._process, mappings, ids, request, self._last.number)
            case SymbolsOn():
                seen = symbols_seen(self._process, self._files, mappings, ids, request)
            case FramesOn():
                seen = frames_seen(self._process, mappings, ids, request)
        self.pacer.spent_beside(max(time.monotonic_ns() - began_ns, time.process_time_ns() - cpu_ns))
        return seen

    def last_tick(self, ending: Ending) -> Tick | None:
        """The tick that says how the process ended and changes nothing else; None when it was never sampled."""
        if self._last is None:
            return None
        return replace(
            self._last,
            number=self._last.number + 1,
            monotonic_ns=time.monotonic_ns(),
            wall_ns=time.time_ns(),
            keyframe=False,
            ids=_NO_IDS,
            rows=self._last.rows.take(slice(0)),
            gone=_NO_IDS,
            lineage=(),
            events=NO_EVENTS,
            stacks=(),
            torn=False,
            executed=False,
            ending=ending,
            missing="",
        )

    def _has_executed(self, counters: Counters) -> bool:
        """Whether this is another program than last time; an image that may not be read now is no news."""
        return bool(self._image and counters.image) and self._image != counters.image

    def _read(self) -> _Reading:
        """Read what the pacer allows, of a new program everything; what may not be read any more is said, not raised.

        Raises:
            OSError: ENOENT or ESRCH: the process is gone.
        """
        counters = self._process.counters()
        tier: Tier = "smaps" if self._has_executed(counters) else self.pacer.tier()
        mappings, rollup, torn, missing = None, {}, False, ""
        try:
            if tier == "smaps":
                counters, text = self._whole_smaps(counters)
                raw = self._parser.parse(text)
                mappings = without_torn(raw)
                torn = mappings is not raw
            elif tier == "rollup":
                rollup = parse_rollup(self._process.read_rollup())
        except PermissionError as error:
            missing = str(unreadable(self._process.pid, error))
        except FileNotFoundError:
            if tier != "rollup":
                raise
            tier = "counters"  # this kernel has no smaps_rollup
        return _Reading(tier, counters, mappings, rollup, torn, missing)

    def _whole_smaps(self, counters: Counters) -> tuple[Counters, memoryview]:
        """The text of smaps, not cut short by an exec or an exit in the middle, which looks like a normal end.

        Returns:
            The counters of the program that the text is of, which is a new one when it has just begun; and the text.

        Raises:
            OSError: As for `ProcDir.read`; also when the process has ended and only its entry is left.
        """
        text = self._process.read_smaps_into(self._memory)
        after = self._process.counters()
        if after.image != counters.image:
            counters = after
            text = self._process.read_smaps_into(self._memory)
            after = self._process.counters()
        if not text or (after.state in "ZX" and after.threads <= 1):
            raise ProcessLookupError
        return counters, text

    def _identify(self, mappings: Mappings | None) -> tuple[bool, Match]:
        """Whether the rows shall be a keyframe, and the rows identified."""
        if mappings is None:
            if self._known is not None:
                return False, Match(_NO_IDS, np.zeros(0, np.intp), _NO_IDS, (), self._next_id)
            mappings = self._parser.parse(b"")
        self._since_keyframe += 1
        if self._known is None or self._since_keyframe >= KEYFRAME_EVERY:
            self._since_keyframe = 0
        found = match(*self._known, mappings, self._next_id) if self._known else first_match(mappings, self._next_id)
        return self._since_keyframe == 0, found

    def _changed(self, mappings: Mappings, found: Match) -> NDArray[np.intp]:
        """The rows that differ from the last reading, with those that are new."""
        changed = np.ones(len(mappings), bool)
        if self._known is not None:
            old, _ = self._known
            rows = np.flatnonzero(found.before != NONE)
            changed[rows] = differing(old, found.before[rows], mappings, rows)
        return np.flatnonzero(changed)

    def _explain(self, reading: _Reading, found: Match, rows: NDArray[np.intp]) -> Events:
        """Why rows moved since the last reading of them; a torn reading explains nothing."""
        if self._known is None or reading.mappings is None or reading.torn or self._torn:
            return NO_EVENTS
        old, _ = self._known
        faults = Faults(
            minor=reading.counters.minor_faults - self._faults.minor,
            major=reading.counters.major_faults - self._faults.major,
        )
        return explain(old, found.before[rows], reading.mappings, rows, found.ids[rows], faults, PAGE_KB)
