"""Actions that change how a timeline is shown: run, tick, playback, baseline, grouping, sorting, columns."""

import time
from dataclasses import replace

from textual import on
from textual.screen import Screen

from smapstop.model.compare.runs import Run
from smapstop.model.metrics import Metric
from smapstop.model.view.playback import Playback
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view_state import ViewState
from smapstop.settings import Settings
from smapstop.text.table_columns import SORTABLE, Column, find_columns, shift_sorting, toggle_sorting
from smapstop.text.units import AUTO, process_format
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.messages import ViewOutdated
from smapstop.ui.state.session import Session
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.time_band import TimeBand
from smapstop.ui.widgets.totals import Totals

PLAYBACK_FRAME_SECONDS = 1 / 20
"""Interval between redraws during playback, seconds."""


class TimelineScreen(Screen[None]):
    """A screen that shows a timeline; subclasses define its parts.

    Args:
        session: State of the session.
        settings: Initial settings.
        recorded: Whether the timeline is a recording.
        many_runs: Whether the program may be restarted.
    """

    def __init__(self, session: Session, settings: Settings, *, recorded: bool, many_runs: bool) -> None:
        super().__init__()
        self.session, self.settings = session, settings
        if recorded:  # all of it is shown
            session.set_view_state(replace(session.view_state, span_s=None))
        self.columns = find_columns(settings.columns)
        self.recorded, self._expects_runs = recorded, many_runs
        self._playback: Playback | None = None

    def on_mount(self) -> None:
        """Create the timer of playback, paused."""
        self._playback_timer = self.set_interval(PLAYBACK_FRAME_SECONDS, self._advance_playback, pause=True)

    @property
    def many_runs(self) -> bool:
        """Whether there are several runs, or may be."""
        return self._expects_runs or len(self.session.runs.stored) > 1

    def change_view(self, view_state: ViewState) -> None:
        """Set the view state, and redraw."""
        was_live, labels = self.session.view_state.at is None, self.key_labels()
        self.session.set_view_state(view_state)
        if (was_live, labels) != (self.session.view_state.at is None, self.key_labels()):
            self.refresh_bindings()
        self.request_redraw()

    def show_run(self, run: Run, at: int | None = None) -> None:
        """Show a run, live or at a tick."""
        self.session.show_run(run, at)
        self.refresh_bindings()
        self.request_redraw()

    def request_redraw(self) -> None:
        """Request a redraw of all parts."""
        self.post_message(ViewOutdated())

    # the tick shown

    def key_labels(self) -> dict[str, str]:
        """What the keys for pausing and playing do now, by action; nothing where both do the same."""
        view_state = self.session.view_state
        if view_state.speed:
            return {"play": "speed"}
        if self.recorded:
            return {"pause": "play", "play": ""}
        return {} if view_state.at is None else {"pause": "resume"}

    def action_pause(self) -> None:
        """Pause at the tick shown, or resume: follow the process again, or play the recording."""
        if self.recorded and not self.session.view_state.speed:
            self.action_play()
        else:
            self.change_view(self.session.view_state.toggle_pause(self.session.shown_number))

    def action_play(self, speed: int = 0) -> None:
        """Play from the tick shown at a speed; without one at the slowest, or the next one when playing already."""
        session = self.session
        if len(session.timeline):
            view_state = session.view_state.play(session.shown_number, len(session.timeline) - 1)
            view_state = replace(view_state, speed=speed) if speed else view_state
            self._playback = Playback(view_state.at or 0, time.monotonic())
            self._playback_timer.resume()
            self.change_view(view_state)

    def _advance_playback(self) -> None:
        """Advance to the tick that is due."""
        view_state, timeline = self.session.view_state, self.session.timeline
        if not view_state.speed or self._playback is None:
            self._playback_timer.pause()
            return
        self._playback = self._playback.advance(timeline, view_state.speed, time.monotonic())
        if self._playback.number == len(timeline) - 1:
            self.change_view(view_state.seek(None))
        elif self._playback.number != view_state.at:
            self.change_view(replace(view_state, at=self._playback.number))

    @on(TimeBand.SeekRequested)
    def go_to_tick(self, message: TimeBand.SeekRequested) -> None:
        """Go to the tick at which the user pointed; no longer compare with the begin of a range."""
        if message.number is None:
            self.action_live()
        else:
            self.change_view(self.session.view_state.without_range().seek(message.number))

    @on(TimeBand.RangeSelected)
    def select_range(self, message: TimeBand.RangeSelected) -> None:
        """Go to the end of a range of time, and compare with its begin."""
        self.change_view(self.session.view_state.select_range(message.first, message.last))

    def action_zoom(self, direction: int) -> None:
        """Show less time (-1) or more (1) in the band and in all histories."""
        self.change_view(self.session.zoom(direction))

    def action_outlier(self, direction: int) -> None:
        """Go to the previous or next tick in which something began, or differed from its run."""
        self._jump(self.session.activity.nearest_standing_out(self.session.shown_number, direction), direction)

    def action_change(self, direction: int) -> None:
        """Go to the previous or next tick in which anything happened."""
        self._jump(self.session.activity.nearest_with_events(self.session.shown_number, direction), direction)

    def _jump(self, number: int | None, direction: int) -> None:
        """Go to a tick; say so if there is none in that direction."""
        if number is not None:
            self.change_view(self.session.view_state.seek(number))
        elif direction < 0:
            self.notify("nothing earlier", timeout=2)
        elif self.session.view_state.at is None:
            self.notify("nothing later: this is the newest", timeout=2)
        else:
            self.notify(f"nothing later; {key_of(self.app, 'live')} goes back to live", timeout=2)

    def action_step(self, ticks: int) -> None:
        """Step back or forward by ticks; forward to the newest tick is live."""
        newest = len(self.session.timeline) - 1
        if newest >= 0:
            self.change_view(self.session.view_state.step(self.session.shown_number, newest, ticks))

    def action_start(self) -> None:
        """Go to the first tick."""
        self.change_view(self.session.view_state.seek(self.session.timeline.oldest))

    def action_live(self) -> None:
        """Follow the newest run live."""
        newest = self.session.runs.newest
        if newest is not None and not self.session.is_live_run:
            self.show_run(newest)
        else:
            self.change_view(self.session.view_state.seek(None))

    # baseline and grouping

    def action_compare(self) -> None:
        """Compare with the next baseline."""
        self.change_view(self.session.view_state.cycle_baseline(earlier=self.session.previous_run is not None))

    def action_metric(self, metric: Metric) -> None:
        """Let changes, rates, histories and the order follow a metric."""
        self.change_view(replace(self.session.view_state, metric=metric))

    def action_group(self) -> None:
        """Group by the next grouping."""
        self.change_view(self.session.view_state.cycle_grouping())

    @on(Totals.MetricClicked)
    def choose_metric(self, message: Totals.MetricClicked) -> None:
        """Let changes, rates, histories and the order follow the metric that was clicked."""
        self.action_metric(message.metric)

    @on(Totals.KindClicked)
    def filter_kind(self, message: Totals.KindClicked) -> None:
        """Show only the mappings of a kind; all of them again if only these are shown."""
        only = f"kind:{message.kind.value}"
        view_state = self.session.view_state
        self.change_view(replace(view_state, filter="" if view_state.filter == only else only))

    # the order of the rows, and the columns

    def action_freeze(self) -> None:
        """Freeze the order of the rows, or release it."""
        self.session.order.frozen = not self.session.order.frozen
        self.request_redraw()

    def action_sort(self) -> None:
        """Open the dialog to choose the sorting."""
        from smapstop.ui.screens.sort import SortScreen

        self.app.push_screen(SortScreen(self.session.order.sorting), self.set_sorting)

    def action_reverse(self) -> None:
        """Sort in the other direction."""
        self.set_sorting(toggle_sorting(self.session.order.sorting.key, self.session.order.sorting))

    def action_next_sort(self) -> None:
        """Sort by the next column."""
        self.set_sorting(shift_sorting(self.columns, self.session.order.sorting, 1))

    def action_previous_sort(self) -> None:
        """Sort by the previous column."""
        self.set_sorting(shift_sorting(self.columns, self.session.order.sorting, -1))

    @on(MappingTable.SortRequested)
    def sort_by_header(self, message: MappingTable.SortRequested) -> None:
        """Sort by the column whose title was clicked."""
        key = "moved" if message.key == "happened" else message.key  # the verdict has the time of the last change
        if key in SORTABLE or key == "moved":
            self.set_sorting(toggle_sorting(key, self.session.order.sorting))

    def action_columns(self) -> None:
        """Open the dialog to choose the columns."""
        from smapstop.ui.screens.columns import ColumnsScreen

        room = self.query_one(MappingTable).room
        self.app.push_screen(ColumnsScreen(self.columns, room, self.session.order.sorting.key), self.show_columns)

    def show_columns(self, columns: tuple[Column, ...] | None) -> None:
        """Show these columns; None changes nothing."""
        if columns is not None:
            self.columns = columns
            self.query_one(MappingTable).set_columns(columns)
            self.request_redraw()

    def set_sorting(self, sorting: Sorting | None) -> None:
        """Sort the rows; None changes nothing."""
        if sorting is not None:
            self.session.order.sorting = sorting
            self.request_redraw()

    # the runs of the program

    def action_runs(self) -> None:
        """Open the dialog to choose a run."""
        if not self.many_runs or self.session.run is None:
            self.notify(
                f"only one run; {key_of(self.app, 'run_again')} runs it again, --watch does so after each build"
            )
            return
        from smapstop.ui.screens.runs import RunsScreen

        unit = AUTO if self.session.view is None else process_format(self.session.view)
        self.app.push_screen(RunsScreen(self.session.runs.stored, self.session.run, unit), self._show_chosen_run)

    def _show_chosen_run(self, run: Run | None) -> None:
        """Show the run that the user chose: the newest live, an earlier one at its end."""
        if run is not None and run is self.session.runs.newest:
            self.action_live()
        elif run is not None and len(run.timeline):
            self.show_run(run, len(run.timeline) - 1)
