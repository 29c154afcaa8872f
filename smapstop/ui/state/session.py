"""State of the dashboard session: run, tick, view state. Independent of Textual."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from smapstop.errors import SmapstopError
from smapstop.model.compare.previous_run import PreviousRun
from smapstop.model.compare.runs import Run, Runs
from smapstop.model.history.activity import Activity
from smapstop.model.history.time_window import last_tick_before, until_showing
from smapstop.model.marks import Mark
from smapstop.model.protocol import EndOfRecording, Failure, Target
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.filter import complete_filter, parse_filter
from smapstop.model.view.selection import RowSelection, mappings_in
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.ui.state.alert_board import AlertBoard
from smapstop.ui.state.family_state import FamilyState
from smapstop.ui.state.stable_order import StableOrder

if TYPE_CHECKING:  # imported at run time when there is an alert
    from smapstop.model.alerts.expression import Alert


class Session:
    """State of the dashboard session: the run shown, its view state and derived view, and the order of rows.

    Args:
        view_state: Initial view state.
        sorting: Initial sorting of the rows.
        alerts: What the user wants to be warned of.
    """

    def __init__(self, view_state: ViewState, sorting: Sorting, alerts: "Sequence[Alert]" = ()) -> None:
        self.runs = Runs()
        self.run: Run | None = None
        """The run shown; None before the first."""
        self.timeline = Timeline()
        """Timeline of the run shown."""
        self.activity = Activity(self.timeline)
        self.view_state = view_state
        self.order = StableOrder(sorting)
        self.row_selection = RowSelection()
        """What the user selected, also mappings that are not there at the tick shown."""
        self.search = ""
        """Terms of the search among rows; empty for none."""
        self.view: View | None = None
        """The view derived last; None before the first of the run shown."""
        self.family = FamilyState()
        """The family of the target."""
        self.alerts = AlertBoard(alerts)
        self.carried_mapping: int | None = None
        self.end_of_recording: EndOfRecording | None = None
        """End of the recording, once reached."""
        self.failure: Failure | None = None
        """The error that stopped the source."""
        self.notices: list[str] = []
        """What is printed once more when the dashboard has ended: errors that did not stop the source."""
        self.saved: tuple[Run, int] | None = None
        """The run that was saved last, and the number of its ticks then."""
        self.knows_clipboard = False
        """Whether the user has read what to set if the terminal forbids copying."""
        self.overdue_seconds = 0
        """Seconds since the last tick of the newest run if the next one is overdue, else 0."""
        self.awaits_next = False
        """Whether the next process like the one that ended is awaited."""
        self.last_input_time = 0.0
        """Last key press in the dashboard or use of the mouse, seconds of `time.monotonic`."""

    @property
    def failure_text(self) -> str:
        """Text of the error that stopped the source; empty without one."""
        return "" if self.failure is None else str(SmapstopError(self.failure.what, self.failure.remedy))

    @property
    def target_pid(self) -> int:
        """The process that smapstop was started on; 0 before it is known."""
        return 0 if self.runs.newest is None else self.runs.newest.target.pid

    @property
    def shown_number(self) -> int:
        """Number of the tick shown, or of the one that is asked for: keys come faster than it is drawn."""
        if self.view_state.at is not None:
            return max(self.view_state.at, self.timeline.oldest)
        if self.view is not None and self.view.state.at is not None:
            return len(self.timeline) - 1
        return self.view.snapshot.tick.number if self.view else 0

    @property
    def has_new_rows(self) -> bool:
        """Whether other rows are asked for than are shown: keys come faster than they are drawn."""
        asked, shown = self.view_state, self.view.state if self.view else self.view_state
        return (asked.grouping, asked.unfolded, asked.filter) != (shown.grouping, shown.unfolded, shown.filter)

    @property
    def seconds_since_input(self) -> float:
        """Seconds since the last key press in the dashboard or use of the mouse."""
        return time.monotonic() - self.last_input_time

    @property
    def has_ticks(self) -> bool:
        """Whether any run has a tick."""
        return any(len(run.timeline) for run in self.runs.stored)

    @property
    def is_newest_run(self) -> bool:
        """Whether the run shown is the newest."""
        return self.run is self.runs.newest

    @property
    def is_live_run(self) -> bool:
        """Whether ticks are still added to the run shown: the newest, or that of a member of the family."""
        return self.is_newest_run or self.family.pid_of(self.run) is not None

    @property
    def is_over(self) -> bool:
        """Whether the newest tick is not now: the recording ended, or the next tick is overdue."""
        return self.end_of_recording is not None or self.overdue_seconds > 0

    @property
    def previous_run(self) -> PreviousRun | None:
        """The run that the run shown can be compared with."""
        return self.runs.previous_run(self.run) if self.run else None

    @property
    def missing_callers(self) -> str:
        """Why the callers of page faults are not seen, or not all of them, and what to do; empty if they are."""
        return "" if self.run is None else self.run.target.missing_callers

    @property
    def unsaved_seconds(self) -> float:
        """Length of the newest run's history since its start, or since it was saved last."""
        run = self.runs.newest
        if run is None or not len(run.timeline):
            return 0
        first = self.saved[1] - 1 if self.saved is not None and self.saved[0] is run else 0
        begun = run.timeline.header(max(first, run.timeline.oldest))
        return (run.timeline.header(len(run.timeline) - 1).monotonic_ns - begun.monotonic_ns) / 1e9

    @property
    def selection(self) -> tuple[int, ...]:
        """Ids of the selected mappings that are there at the tick shown, in address order."""
        return () if self.view is None else mappings_in(self.view, self.row_selection.ids)

    def select(self, selection: RowSelection) -> None:
        """Select mappings; while a range is extended, rows keep their order."""
        self.row_selection, self.order.held = selection, selection.anchor is not None

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Marks of the run shown, in order of time."""
        return () if self.run is None else tuple(sorted(self.run.marks.values(), key=lambda mark: mark.tick))

    def note_input(self) -> None:
        """Note user input: the table is not sorted right after it, and a carried mapping is dropped."""
        self.last_input_time, self.carried_mapping = time.monotonic(), None

    def forget_input(self) -> None:
        """Forget when the last input was: the next keys go to the program, and the table may be sorted."""
        self.last_input_time = 0.0

    def begin_run(self, target: Target) -> Run:
        """Add a run, and show it, unless the user views an earlier run or tick."""
        is_live, self.awaits_next = self.is_newest_run and self.view_state.at is None, False
        run, self.family.sampled = self.runs.begin(target), ()
        if is_live:
            self.show_run(run)
        return run

    def show_run(self, run: Run, at: int | None = None) -> None:
        """Show a run, live or at a tick, compared with the previous one if there is one."""
        self.run, self.timeline, self.view = run, run.timeline, None
        self.activity, self.order, self.row_selection = (
            Activity(run.timeline),
            self.order.reset_copy(),
            RowSelection(),
        )
        self.view_state = self.view_state.switch_run(at, earlier=self.previous_run is not None)

    def set_view_state(self, view_state: ViewState) -> None:
        """Set the view state; of an earlier run, live means its last tick. The window shows the tick shown."""
        if view_state.at is None and not self.is_live_run:
            view_state = replace(view_state, at=len(self.timeline) - 1)
        self.view_state = self._place_window(view_state)

    def _place_window(self, state: ViewState) -> ViewState:
        """Hold the window while a tick of it is shown; move it to a tick outside; live, let it follow the newest."""
        self.activity.update()
        times_ns, oldest = self.activity.times_ns, self.timeline.oldest
        if state.at is None or not len(times_ns):
            return replace(state, until=None)
        until = len(times_ns) - 1 if state.until is None else state.until
        return replace(state, until=until_showing(times_ns, oldest, state.span_s, until, max(state.at, oldest)))

    def zoom(self, direction: int) -> ViewState:
        """View state with more time (1) or less (-1) in the window; the tick shown stays in its place."""
        times_ns, state = self.activity.times_ns, self.view_state
        if self.view is None:
            return state
        whole_s = (int(times_ns[-1]) - int(times_ns[self.timeline.oldest])) / 1e9
        zoomed, window = state.zoom(direction, whole_s), self.view.window
        if state.at is None or zoomed.span_s is None:
            return replace(zoomed, until=None)
        at_ns = int(times_ns[state.at])
        part_after = (window.end_ns - at_ns) / max(1, window.end_ns - window.begin_ns)
        return replace(
            zoomed, until=last_tick_before(times_ns, at_ns + int(zoomed.span_s * 1e9 * part_after), state.at)
        )

    def derive_view(self) -> View | None:
        """Derive the view, without showing it; None while the run shown has no tick.

        Raises:
            SmapstopError: The filter needs a field that this kernel does not have.
        """
        if self.run is None or not len(self.timeline):
            return None
        self.activity.update()
        is_newest = self.is_newest_run and self.view_state.at is None
        return derive_view(
            self.timeline,
            self.view_state,
            self.previous_run,
            times_ns=self.activity.times_ns,
            is_reading=self.activity.is_reading,
            overdue_ns=self.overdue_seconds * 10**9 * is_newest,
        )

    def refresh(self) -> View | None:
        """Derive the view again, and show it; see `derive_view`."""
        view = self.derive_view()
        if view is not None:
            self.view = view
        return view

    def matches_rows(self, expression: str) -> bool:
        """Whether a filter matches any row of the view.

        Raises:
            SmapstopError: As `parse_filter` does.
        """
        passes = parse_filter(expression)
        return self.view is None or bool(passes(self.view.mappings).any())

    def complete_filter(self, expression: str) -> list[str]:
        """All completions of a filter."""
        return complete_filter(expression, () if self.view is None else self.view.mappings.field_names)

    def take_carried_mapping(self) -> int | None:
        """Take the counterpart of the carried mapping in this run; None until it is mapped."""
        if self.carried_mapping is None or self.view is None or self.view.previous_run is None:
            return None
        mapping = self.view.previous_run.counterpart(self.carried_mapping, self.view.diff.before)
        if mapping is not None:
            self.carried_mapping = None
        return mapping
