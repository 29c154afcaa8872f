"""The sampler: reads the process, identifies its mappings, and gives one tick after the other."""

import time
from dataclasses import dataclass, replace

import numpy as np

from smapstop.model.events import NO_EVENTS, Events
from smapstop.model.explain.rules import Faults, explain
from smapstop.model.identity import NO_ROW, Match, Rows, first_match, match
from smapstop.model.mapping_rows import rows_differ
from smapstop.model.protocol import FramesRequest, MappingReply, MappingRequest, Pace, PagesRequest, SymbolsRequest
from smapstop.model.tick import ExitStatus, Ids, ThreadStack, Tick
from smapstop.model.totals import totals_of
from smapstop.proc.columns import Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir
from smapstop.proc.stat import PAGE_KB
from smapstop.sampling.cow_names import CowTracker
from smapstop.sampling.pacing import Pacer
from smapstop.sampling.process_reader import ProcessReader, ProcessReading
from smapstop.sampling.queries import read_frames, read_pages, read_symbols
from smapstop.sampling.stack_tracker import StackTracker

KEYFRAME_EVERY = 120
"""Ticks between keyframes: a reader that goes back in time replays at most so many."""

_NO_IDS: Ids = np.zeros(0, np.int64)
_NO_ROWS: Rows = np.zeros(0, np.intp)
_NO_FAULTS = Faults(0, 0)

KnownMappings = tuple[Mappings, Ids]
"""The mappings of a reading, and their ids."""


@dataclass(frozen=True, slots=True, eq=False)
class SamplerState:
    """What is known of a process between two readings."""

    known: KnownMappings | None = None
    """The last mappings that were read of this program."""
    faults: Faults = _NO_FAULTS
    """The counters of that reading."""
    torn: bool = False
    """Whether the map changed while that reading was made."""
    next_id: int = 0
    """The id that the next new mapping gets."""
    since_keyframe: int = 0
    """Ticks with mappings since the last keyframe."""


@dataclass(frozen=True, slots=True, eq=False)
class Transition:
    """What a reading makes of a state: the next state, and what the tick has of it."""

    state: SamplerState
    is_first: bool
    """Nothing was known before: watching begins, or another program does."""
    keyframe: bool
    """The tick carries every mapping."""
    matched: Match
    """The mappings of the reading, identified."""
    changed: Rows
    """Its rows that differ from the last reading, with those that are new."""
    events: Events
    """Why they moved; without names."""


def advance(state: SamplerState, reading: ProcessReading) -> Transition:
    """Identify, compare and explain what was read, by what was known before; pure."""
    known = None if reading.executed else state.known
    if known is not None and not reading.has_mappings:
        nothing = Match(_NO_IDS, _NO_ROWS, _NO_IDS, (), state.next_id)
        return Transition(state, False, False, nothing, _NO_ROWS, NO_EVENTS)
    since = state.since_keyframe + 1
    keyframe = known is None or since >= KEYFRAME_EVERY
    mappings = reading.mappings
    matched = match(*known, mappings, state.next_id) if known else first_match(mappings, state.next_id)
    changed = _changed_rows(known, matched, mappings)
    state = replace(state, known=known, since_keyframe=0 if keyframe else since)
    events = _explain(state, reading, matched, changed)
    if reading.has_mappings:
        state = replace(
            state,
            known=(mappings, matched.ids),
            faults=Faults(reading.counters.minor_faults, reading.counters.major_faults),
            torn=reading.torn,
            next_id=matched.next_id,
        )
    return Transition(state, known is None, keyframe, matched, changed, events)


def _changed_rows(known: KnownMappings | None, matched: Match, mappings: Mappings) -> Rows:
    """The rows that differ from the last reading, with those that are new."""
    changed = np.ones(len(mappings), bool)
    if known is not None:
        old, _ = known
        rows = np.flatnonzero(matched.previous_rows != NO_ROW)
        changed[rows] = rows_differ(old, matched.previous_rows[rows], mappings, rows)
    return np.flatnonzero(changed)


def _explain(state: SamplerState, reading: ProcessReading, matched: Match, rows: Rows) -> Events:
    """Why rows moved since the last reading of them; a torn reading explains nothing."""
    if state.known is None or not reading.has_mappings or reading.torn or state.torn:
        return NO_EVENTS
    old, _ = state.known
    faults = Faults(
        minor=reading.counters.minor_faults - state.faults.minor,
        major=reading.counters.major_faults - state.faults.major,
    )
    return explain(old, matched.previous_rows[rows], reading.mappings, rows, matched.ids[rows], faults, PAGE_KB)


class Sampler:
    """Samples one process. Not a thread: its owner calls `sample` when the pacer says that a tick is due."""

    def __init__(self, process: ProcDir, pace: Pace) -> None:
        self.pacer = Pacer(pace, time.monotonic_ns())
        self._process = process
        self._reader = ProcessReader(process)
        self._files = ElfCache()
        self._cow_tracker = CowTracker(process, self._files)
        self._stack_tracker = StackTracker(process)
        self._state = SamplerState()
        self._last: Tick | None = None

    def sample(self) -> Tick:
        """Read the process once, and make the tick of what changed.

        Raises:
            OSError: ENOENT or ESRCH: the process is gone.
        """
        began_ns = time.process_time_ns()
        reading = self._reader.read(self.pacer.tier())
        step = advance(self._state, reading)
        if step.is_first:
            self._cow_tracker.begin(reading.mappings, step.matched.ids)
        events = self._cow_tracker.name_new(reading.mappings, step.matched.ids, step.events)
        stacks = (
            self._stack_tracker.changes(reading.counters, reading.mappings, step.matched.ids)
            if reading.has_mappings
            else ()
        )
        self._state = step.state
        spent_ns = time.process_time_ns() - began_ns
        self.pacer.book_tick(reading.tier, max(spent_ns, reading.read_ns), time.monotonic_ns())
        self._last = self._build_tick(reading, step, events, stacks, spent_ns)
        return self._last

    def _build_tick(
        self,
        reading: ProcessReading,
        step: Transition,
        events: Events,
        stacks: tuple[ThreadStack, ...],
        spent_ns: int,
    ) -> Tick:
        """The tick of a reading.

        Args:
            reading: What was read.
            step: What it changed.
            events: Why it changed, with names.
            stacks: What is new of the stacks of threads.
            spent_ns: The CPU time that all of this took.
        """
        sent = slice(None) if step.keyframe else step.changed
        return Tick(
            number=self._last.number + 1 if self._last else 0,
            monotonic_ns=reading.monotonic_ns,
            wall_ns=reading.wall_ns,
            read_ns=reading.read_ns,
            cpu_ns=spent_ns,
            interval_ns=self.pacer.pace.interval_ns,
            smaps_interval_ns=self.pacer.interval_ns,
            counters=reading.counters,
            tier=reading.tier,
            totals=totals_of(reading.counters, reading.mappings if reading.has_mappings else None, reading.rollup),
            keyframe=step.keyframe,
            ids=step.matched.ids[sent],
            rows=reading.mappings.take(sent),
            gone=step.matched.gone,
            lineage=step.matched.lineage,
            events=events,
            stacks=stacks,
            torn=reading.torn,
            executed=reading.executed,
            missing=reading.missing,
        )

    def answer(self, request: MappingRequest) -> MappingReply:
        """Read what was asked for of one mapping, beside the ticks; there must have been one."""
        began_ns, cpu_ns = time.monotonic_ns(), time.process_time_ns()
        assert self._last is not None
        mappings, ids = self._state.known or (self._last.rows, _NO_IDS)
        seen: MappingReply
        match request:
            case PagesRequest():
                seen = read_pages(self._process, mappings, ids, request, self._last.number)
            case SymbolsRequest():
                seen = read_symbols(self._process, self._files, mappings, ids, request)
            case FramesRequest():
                seen = read_frames(self._process, mappings, ids, request)
        self.pacer.book_request(max(time.monotonic_ns() - began_ns, time.process_time_ns() - cpu_ns))
        return seen

    def final_tick(self, ending: ExitStatus) -> Tick | None:
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
