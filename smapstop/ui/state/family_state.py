"""The family of the target, as the dashboard knows it. Independent of Textual."""

from bisect import bisect_right
from collections.abc import Collection, Mapping

from smapstop.model.compare.runs import Run
from smapstop.model.family.comparison import LEAST_COMPARED, MOST_COMPARED, affordable_count, largest_first
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.family.family_table import FamilyMembers, family_table
from smapstop.model.family.reading import FamilyReading
from smapstop.model.family.recent_readings import RecentReadings
from smapstop.model.family.sharing import CopyLog, SharedMapping, shared_mappings
from smapstop.model.metrics import Metric
from smapstop.model.protocol import MappingReply, MemberMessage, Target, ThreadsReply
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline

MAX_RUNS = MOST_COMPARED + 8
"""Runs of members that are kept, with those that have ended."""
_MEMBER_BYTES = 32 << 20
"""Memory that the history of each sampled member may take."""
_TRIAL_NS = 10_000_000_000
"""Time for which so many members are sampled before it is clear how often that is possible."""


class FamilyState:
    """Readings of the family, and the runs of members that are sampled in addition to the target."""

    def __init__(self) -> None:
        self.log = FamilyLog()
        self.runs: dict[int, Run] = {}
        """Runs of the sampled members, by pid."""
        self.sampled: tuple[int, ...] = ()
        """Members that the source was asked to sample; their histories go on while they are."""
        self._table: tuple[tuple[FamilyReading | None, int, int, Metric], FamilyMembers] | None = None
        """The table derived last, and of what."""
        self._most_compared, self._decided_ns = LEAST_COMPARED, 0
        self._shared: tuple[object, list[SharedMapping]] = None, []
        """The mappings compared last, and at and with which ticks."""
        self._copies = CopyLog()
        self._readings = RecentReadings()

    def append(self, reading: FamilyReading) -> None:
        """Append a reading."""
        self.log.append(reading)
        self._readings.append(reading)

    def table(self, at_ns: int, baseline_ns: int, metric: Metric) -> FamilyMembers:
        """The members at a moment, as of `family_table`; derived again only if it is another, or after a reading."""
        of = self.log.last, at_ns, baseline_ns, metric
        if self._table is None or self._table[0] != of:
            self._table = of, family_table(self.log, at_ns, baseline_ns, metric)
        return self._table[1]

    def readings_during(self, run: Run) -> list[FamilyReading]:
        """The readings between the first and the last tick of a run, as they are to be saved."""
        timeline = run.timeline
        if timeline.oldest == len(timeline):
            return []
        first, last = timeline.header(timeline.oldest), timeline.header(len(timeline) - 1)
        return self._readings.between(first.monotonic_ns, last.monotonic_ns)

    def handle(self, message: MemberMessage, shown: Run | None = None) -> MappingReply | ThreadsReply | None:
        """Handle a message about a member; a reply is returned.

        Args:
            message: The message.
            shown: The run that is shown, which is kept.
        """
        match message.content:
            case Target() as target:
                self.runs.pop(message.pid, None)
                self.runs[message.pid] = Run(0, target, Timeline(_MEMBER_BYTES))
                self._forget_runs(shown)
            case Tick() as tick:
                if message.pid in self.runs:
                    self.runs[message.pid].timeline.append(tick)
            case reply:
                return reply
        return None

    def _forget_runs(self, shown: Run | None) -> None:
        """Forget the runs beyond a number that began first, but not those that are sampled or shown."""
        others = [pid for pid, run in self.runs.items() if pid not in self.sampled and run is not shown]
        for pid in others[: max(0, len(self.runs) - MAX_RUNS)]:
            del self.runs[pid]
            self._copies.forget(pid)

    def pid_of(self, run: Run | None) -> int | None:
        """The member that has a run; None for a run of the target."""
        return next((pid for pid, each in self.runs.items() if each is run), None)

    def shared_mappings(self, timelines: dict[int, Timeline], at_ns: int, before_ns: int) -> list[SharedMapping]:
        """Mappings that several of these processes have at the same address.

        Args:
            timelines: Ticks of each process, by pid.
            at_ns: The moment, monotonic clock, ns.
            before_ns: The moment to compare with, ns; for a process that was sampled later, its first tick.
        """
        for pid, timeline in timelines.items():
            self._copies.update(pid, timeline)
        found = {pid: (timeline, tick_at(timeline, at_ns)) for pid, timeline in timelines.items()}
        ticks = {pid: (timeline, number) for pid, (timeline, number) in found.items() if number is not None}
        before = {pid: tick_at(timeline, before_ns) for pid, (timeline, _) in ticks.items()}
        if self._shared[0] != (ticks, before):
            snapshots = {pid: timeline.at(number) for pid, (timeline, number) in ticks.items()}
            since = {pid: ticks[pid][0].oldest if number is None else number for pid, number in before.items()}
            self._shared = (ticks, before), shared_mappings(snapshots, self._copies, since)
        return self._shared[1]

    def choose_sampled(self, sizes: Mapping[int, int], current: int | None, target: int) -> tuple[int, ...]:
        """Choose the members to sample: that under the cursor, those that are sampled, then the largest.

        Args:
            sizes: Own memory of those that may be read, by pid.
            current: The member under the cursor.
            target: The target, which is sampled anyway.
        """
        first = [pid for pid in (current, *self.sampled) if pid is not None and pid in sizes]
        wanted = largest_first(sizes, first)
        chosen = [pid for pid in wanted if pid != target][: self._most_compared - 1]
        return tuple(sorted(chosen))

    def adjust_count(self, timelines: Collection[Timeline], at_ns: int) -> None:
        """Decide now and then how many members are compared, by how often those that are were read."""
        if len(timelines) < self._most_compared or at_ns < self._decided_ns + _TRIAL_NS:
            return
        ticks = [timeline.header(len(timeline) - 1) for timeline in timelines]
        if self._decided_ns:
            self._most_compared = affordable_count(len(ticks), max(tick.smaps_interval_ns for tick in ticks))
        self._decided_ns = at_ns


def tick_at(timeline: Timeline, at_ns: int) -> int | None:
    """Last tick up to a moment of the monotonic clock, ns; None if there is none."""
    numbers = range(timeline.oldest, len(timeline))
    at = bisect_right(numbers, at_ns, key=lambda number: timeline.header(number).monotonic_ns)
    return numbers[at - 1] if at else None
