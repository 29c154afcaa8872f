"""The sampler: read the process, identify its mappings, and build ticks."""

import time
from dataclasses import replace

import numpy as np

from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import NO_EVENTS, Events
from smapstop.model.protocol import MappingReply, MappingRequest, Pace, ThreadsReply, ThreadsRequest
from smapstop.model.tick import ExitStatus, Ids, ThreadStack, Tick, Tier
from smapstop.model.totals import totals_of
from smapstop.proc.columns import Counters
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir
from smapstop.sampling.cow_names import CowTracker
from smapstop.sampling.faults.watch import watch_faults
from smapstop.sampling.fork_copies import ForkCopies
from smapstop.sampling.pacing import Pacer
from smapstop.sampling.page_positions import PositionTracker
from smapstop.sampling.process_cgroup import ProcessCgroup
from smapstop.sampling.process_reader import ProcessReader, ProcessReading
from smapstop.sampling.queries import answer_mapping
from smapstop.sampling.stack_tracker import StackTracker
from smapstop.sampling.transition import KnownMappings, SamplerState, Transition, advance
from smapstop.sampling.zero_pages import settle_discards

_MOST_FIRST_READINGS = 3
"""Of a process that is always copying pages."""
_NO_IDS: Ids = np.zeros(0, np.int64)


class Sampler:
    """Sample one process. It has no thread: the owner calls `sample` when a tick of `pacer` is due."""

    def __init__(self, process: ProcDir, pace: Pace, *, callers: bool = False) -> None:
        self.pacer = Pacer(pace, time.monotonic_ns())
        self.cgroup = ProcessCgroup(process)
        """The control group of the process, which the owner closes."""
        self._process = process
        self._reader = ProcessReader(process)
        self._files = ElfCache()
        self.faults, self.missing_callers = (
            watch_faults(process, self._files, pace.budget) if callers else (None, "not asked for")
        )
        """The watch of its page faults, if there is one; and what is not seen of them, and why."""
        self._cow_tracker = CowTracker(process, self._files, self.faults)
        self._position_tracker, self._fork_copies = PositionTracker(process), ForkCopies()
        self._stack_tracker = StackTracker(process)
        self._state = SamplerState()
        self._last: Tick | None = None
        self._drained_ns = 0
        """CPU time of `drain_faults` since the last tick."""

    def sample(self) -> Tick:
        """Read the process once and build the tick of what changed.

        Raises:
            OSError: ENOENT or ESRCH: the process is gone.
        """
        began_ns, tier = time.process_time_ns(), self.pacer.tier()
        with self._reader.prefetch(tier, self.cgroup.remote):
            reading, transition = self._read(tier)
            ids, has_mappings = transition.matched.ids, reading.has_mappings
            events = self._settle(transition, reading)
            events = self._cow_tracker.name_new(reading.mappings, ids, events, reading.counted_ns)
            stacks = self._stack_tracker.changes(reading.counters, reading.mappings, ids) if has_mappings else ()
            spent_ns = time.process_time_ns() - began_ns
            faults, faults_ns = self._settle_faults(reading, transition.state.known)
            events = self._fork_copies.settle(events, faults, reading.mappings if has_mappings else None, ids)
            self._state = transition.state
            elapsed_ns = reading.read_ns - self._process.delay_ns
            now_ns = time.monotonic_ns()
            self.pacer.book_tick(reading.tier, spent_ns, now_ns, elapsed_ns=elapsed_ns, faults_ns=faults_ns)
            spent_ns += faults_ns
            self._last = self._build_tick(reading, transition, events, stacks, faults, spent_ns)
            return self._last

    def _read(self, tier: Tier) -> tuple[ProcessReading, Transition]:
        """Read the process; when watching begins, again while it copies pages between smaps and its page tables."""
        for _ in range(_MOST_FIRST_READINGS):
            reading = self._reader.read(tier)
            known_pages = self._position_tracker.known_pages
            transition = advance(self._state, reading, self._process.page_kb, known_pages)
            agrees = not transition.is_first or self._cow_tracker.begin(reading.mappings, transition.matched.ids)
            if agrees or reading.executed:  # a later reading would not say that another program was executed
                break
        return reading, transition

    def _settle_faults(self, reading: ProcessReading, known: KnownMappings | None) -> tuple[PageFaults | None, int]:
        """Page faults since the last tick, if any mappings are known; and the CPU time for them since then, ns."""
        began_ns, faults = time.process_time_ns(), None
        if self.faults is not None and known is not None:
            read = known if reading.has_mappings else None
            faults = self.faults.settle(reading.counters, read, reading.counted_ns)
        spent_ns, self._drained_ns = self._drained_ns + time.process_time_ns() - began_ns, 0
        return faults, spent_ns

    def _settle(self, transition: Transition, reading: ProcessReading) -> Events:
        """Settle what page tables can show, where smaps leaves it open."""
        events, matched = transition.events, transition.matched
        if self._state.known is not None and len(events):
            events = settle_discards(self._process, *self._state.known, reading.mappings, matched.ids, events)
            events = self._position_tracker.settle_discards(*self._state.known, reading.mappings, matched.ids, events)
        if transition.is_first:
            self._position_tracker.forget()
        elif reading.has_mappings:
            self._position_tracker.remember(reading.mappings, matched.ids, transition.changed, matched.gone)
        return events

    def _build_tick(
        self,
        reading: ProcessReading,
        transition: Transition,
        events: Events,
        stacks: tuple[ThreadStack, ...],
        faults: PageFaults | None,
        spent_ns: int,
    ) -> Tick:
        """Build the tick of a reading.

        Args:
            reading: The reading.
            transition: What it changed.
            events: Mechanisms that explain the changes, with symbol names.
            stacks, faults: Changes of thread stacks; page faults.
            spent_ns: CPU time of reading and deriving the tick.
        """
        sent = slice(None) if transition.keyframe else transition.changed
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
            keyframe=transition.keyframe,
            ids=transition.matched.ids[sent],
            rows=reading.mappings.take(sent),
            gone=transition.matched.gone,
            lineage=transition.matched.lineage,
            events=events,
            stacks=stacks,
            faults=faults,
            torn=reading.torn,
            executed=reading.executed,
            due_ns=self.pacer.due_ns,
            missing=reading.missing,
            limits=self.cgroup.limits(),
        )

    @property
    def has_ticks(self) -> bool:
        """Whether the process was sampled."""
        return self._last is not None

    def answer(self, request: MappingRequest | ThreadsRequest) -> MappingReply | ThreadsReply:
        """Answer a request about one mapping, or the threads, between ticks; requires at least one tick."""
        began_ns, cpu_ns = time.monotonic_ns(), time.process_time_ns()
        assert self._last is not None
        mappings, ids = self._state.known or (self._last.rows, _NO_IDS)
        reply: MappingReply | ThreadsReply
        if isinstance(request, ThreadsRequest):
            reply = self._stack_tracker.read_threads(mappings, ids)
        else:
            reply = answer_mapping(self._process, self._files, mappings, ids, request, self._last.number)
        self.pacer.book_request(max(time.monotonic_ns() - began_ns, time.process_time_ns() - cpu_ns))
        return reply

    def final_tick(self, ending: ExitStatus, counters: Counters | None = None) -> Tick | None:
        """Build the last tick: how the process ended, and its last faults; None when it was never sampled.

        Args:
            ending: How it ended.
            counters: Its counters after that; None if nobody knows them any more.
        """
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
            faults=self._last_faults(counters),
            torn=False,
            executed=False,
            ending=ending,
            due_ns=None,
            missing="",
        )

    def _last_faults(self, counters: Counters | None) -> PageFaults | None:
        """Page faults since the last tick, now that the process has ended."""
        if self.faults is None or self._state.known is None:
            return None
        return self.faults.settle(counters, self._state.known, time.monotonic_ns())

    def drain_faults(self) -> None:
        """Take the samples of page faults, between ticks, when the fd of `faults` is readable."""
        assert self.faults is not None
        began_ns = time.process_time_ns()
        self.faults.drain()
        self._drained_ns += time.process_time_ns() - began_ns

    def close(self) -> None:
        """Close the files of its control group, and what watches the page faults."""
        self.cgroup.close()
        if self.faults is not None:
            self.faults.close()
