"""Read a whole recording: its ticks as a timeline, and the view of it from beginning to end."""

from contextlib import closing
from pathlib import Path

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.history.activity import Activity
from smapstop.model.history.run_sums import RunSums
from smapstop.model.history.tick_entries import tick_entries
from smapstop.model.marks import Mark
from smapstop.model.protocol import Target
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.recording.reader import Recording

_MAX_BYTES = 1 << 30
"""Limit of the history in memory, bytes: days of a busy process."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordedRun:
    """A recording that was read to its end, which has at least one tick."""

    file: str
    target: Target
    tool: str
    """Name and version of what recorded it."""
    kernel: str
    """Release of the kernel; empty if unknown."""
    redaction: str
    """Token of the redaction of its names; empty if they are not redacted."""
    stop_reason: str
    """Why the recording ended; empty if it goes on, or its recorder was killed."""
    is_cut: bool
    """Whether its recorder was killed."""
    marks: tuple[Mark, ...]
    timeline: Timeline
    activity: Activity
    sums: RunSums
    event_counts: tuple[int, ...]
    """Events of each tick, none of them folded."""
    view: View
    """The last tick, compared with the first, or with the last exec."""
    family: FamilyLog

    @property
    def start(self) -> int:
        """Number of the tick that the last is compared with."""
        return self.view.diff.before.tick.number

    @property
    def last(self) -> int:
        """Number of the last tick."""
        return self.view.newest

    @property
    def seconds(self) -> float:
        """From the first to the last tick."""
        header = self.timeline.header
        return (header(self.last).monotonic_ns - header(self.timeline.oldest).monotonic_ns) / 1e9


def read_run(path: Path) -> RecordedRun:
    """Read a recording; one that is still being written, up to its current end.

    Raises:
        SmapstopError: It cannot be read, is damaged, or has no ticks.
    """
    timeline, sums, family, event_counts = Timeline(_MAX_BYTES), RunSums(), FamilyLog(), list[int]()
    with closing(Recording(path)) as recording:
        is_being_written, target = recording.is_being_written, recording.target
        for tick in recording.ticks():
            timeline.append(tick)
            sums.add(tick)
            event_counts.append(len(tick_entries(tick)))
        if target is None or not len(timeline):
            what = f"{str(path)!r} has no ticks"
            raise SmapstopError(what, "the process may have ended before the recording started")
        for reading in recording.family():
            family.append(reading)
        activity = Activity(timeline)
        activity.update()
        return RecordedRun(
            file=path.name,
            target=target,
            tool=recording.tool,
            kernel=target.remote_host.kernel if target.remote_host else recording.kernel,
            redaction=recording.redaction_token,
            stop_reason=recording.stop_reason,
            is_cut=not is_being_written and not recording.stop_reason,
            marks=tuple(mark for mark in recording.marks() if mark.tick < len(timeline)),
            timeline=timeline,
            activity=activity,
            sums=sums,
            event_counts=tuple(event_counts),
            view=derive_view(timeline, _whole_run(sums), times_ns=activity.times_ns, is_reading=activity.is_reading),
            family=family,
        )


def _whole_run(sums: RunSums) -> ViewState:
    """State that compares the end of a run with its start: that of the program that runs last."""
    if not sums.last_exec:
        return ViewState(baseline="start", span_s=None)
    return ViewState(baseline="range", range_start=sums.last_exec, span_s=None)
