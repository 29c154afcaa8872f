"""The keys that change how a timeline is looked at: run, moment, what it is compared with, order of the rows."""

import time
from dataclasses import replace

from textual import on
from textual.screen import Screen

from smapstop.model.compare.runs import Run
from smapstop.model.view.playback import Playback
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view_state import ViewState
from smapstop.text.columns import SORTABLE, Column, shift_sorting, toggle_sorting
from smapstop.ui.messages import ViewOutdated
from smapstop.ui.session import Session
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.time_bar import TimeBar

PLAYBACK_FRAME_SECONDS = 1 / 20
"""How often the past is drawn while it is played, seconds."""


class TimelineScreen(Screen[None]):
    """A screen on which a timeline is looked at. What it shows is a subclass's.

    Args:
        looking: What is looked at.
        columns: Those of the table.
        recorded: Whether all of it is past.
        many_runs: Whether the program may begin again.
    """

    def __init__(self, session: Session, columns: tuple[Column, ...], *, recorded: bool, many_runs: bool) -> None:
        super().__init__()
        self.session = session
        self.columns = columns
        self.recorded, self.many_runs = recorded, many_runs
        self._playback: Playback | None = None

    def on_mount(self) -> None:
        """Be ready to play."""
        self._playback_timer = self.set_interval(PLAYBACK_FRAME_SECONDS, self._advance_playback, pause=True)

    def change_view(self, view_state: ViewState) -> None:
        """Look in another way."""
        live = self.session.view_state.at is None
        self.session.set_view_state(view_state)
        if live != (self.session.view_state.at is None):
            self.refresh_bindings()
        self.request_redraw()

    def show_run(self, run: Run, at: int | None = None) -> None:
        """Look at a run, live or at a tick."""
        self.session.show_run(run, at)
        self.refresh_bindings()
        self.request_redraw()

    def request_redraw(self) -> None:
        """What is shown is to be drawn anew."""
        self.post_message(ViewOutdated())

    # the moment

    def action_pause(self) -> None:
        """Hold what is shown, or go on: follow the process again, or play the recording."""
        if self.recorded and not self.session.view_state.speed:
            self.action_play()
        else:
            self.change_view(self.session.view_state.toggle_pause(self.session.shown_number))

    def action_play(self) -> None:
        """Let time go on from the moment that is shown; again, faster."""
        looking = self.session
        if len(looking.timeline):
            lens = looking.view_state.play(looking.shown_number, len(looking.timeline) - 1)
            self._playback = Playback(lens.at or 0, time.monotonic())
            self._playback_timer.resume()
            self.change_view(lens)

    def _advance_playback(self) -> None:
        """Go on to the tick that is due."""
        lens, timeline = self.session.view_state, self.session.timeline
        if not lens.speed or self._playback is None:
            self._playback_timer.pause()
            return
        self._playback = self._playback.advance(timeline, lens.speed, time.monotonic())
        if self._playback.number == len(timeline) - 1:
            self.change_view(lens.seek(None))
        elif self._playback.number != lens.at:
            self.change_view(replace(lens, at=self._playback.number))

    @on(TimeBar.SeekRequested)
    def go_to_tick(self, message: TimeBar.SeekRequested) -> None:
        """The user pointed at a moment."""
        self.change_view(self.session.view_state.seek(message.number))

    def action_happened(self, direction: int) -> None:
        """Go to the nearest tick at which something happened."""
        number = self.session.activity.nearest_active(self.session.shown_number, direction)
        if number is not None:
            self.change_view(self.session.view_state.seek(number))
        elif direction > 0:
            self.change_view(self.session.view_state.seek(None))

    def action_step(self, ticks: int) -> None:
        """Go back or forward in time; forward to the newest tick is live."""
        newest = len(self.session.timeline) - 1
        if newest >= 0:
            self.change_view(self.session.view_state.step(self.session.shown_number, newest, ticks))

    def action_start(self) -> None:
        """Go to the first tick."""
        self.change_view(self.session.view_state.seek(self.session.timeline.oldest))

    def action_live(self) -> None:
        """Follow the process; it may have begun again meanwhile."""
        newest = self.session.runs.newest
        if newest is not None and not self.session.is_newest_run:
            self.show_run(newest)
        else:
            self.change_view(self.session.view_state.seek(None))

    # what it is compared with, and what is shown of it

    def action_mark(self) -> None:
        """Mark the moment that is shown, and compare with it."""
        timeline = self.session.timeline
        if len(timeline):
            number = max(self.session.shown_number, timeline.oldest)
            timeline.pin(number)
            self.change_view(self.session.view_state.set_mark(number))

    def action_compare(self) -> None:
        """Compare with something else."""
        self.change_view(self.session.view_state.cycle_baseline(earlier=self.session.previous_run is not None))

    def action_group(self) -> None:
        """Group by something else."""
        self.change_view(self.session.view_state.cycle_grouping())

    # the order of the rows, and the columns

    def action_freeze(self) -> None:
        """Hold the order of the rows, or let them move again."""
        self.session.order.frozen = not self.session.order.frozen
        self.request_redraw()

    def action_sort(self) -> None:
        """Choose what to sort by."""
        from smapstop.ui.screens.sort import SortScreen

        self.app.push_screen(SortScreen(self.session.order.sorting), self._set_sorting)

    def action_reverse(self) -> None:
        """Sort in the other direction."""
        self._set_sorting(toggle_sorting(self.session.order.sorting.key, self.session.order.sorting))

    def action_next_sort(self) -> None:
        """Sort by the next column."""
        self._set_sorting(shift_sorting(self.columns, self.session.order.sorting, 1))

    def action_previous_sort(self) -> None:
        """Sort by the column before."""
        self._set_sorting(shift_sorting(self.columns, self.session.order.sorting, -1))

    @on(MappingTable.SortRequested)
    def sort_by_header(self, message: MappingTable.SortRequested) -> None:
        """A click on a header."""
        if message.key in SORTABLE:
            self._set_sorting(toggle_sorting(message.key, self.session.order.sorting))

    def action_columns(self) -> None:
        """Choose the columns."""
        from smapstop.ui.screens.columns import ColumnsScreen

        self.app.push_screen(ColumnsScreen(self.columns), self.show_columns)

    def show_columns(self, columns: tuple[Column, ...] | None) -> None:
        """Have other columns."""
        if columns is not None:
            self.columns = columns
            self.query_one(MappingTable).set_columns(columns)
            self.request_redraw()

    def _set_sorting(self, sorting: Sorting | None) -> None:
        if sorting is not None:
            self.session.order.sorting = sorting
            self.request_redraw()

    # the runs of the program

    def action_runs(self) -> None:
        """Choose a run to look at."""
        if not self.many_runs or self.session.run is None:
            self.notify("only one run; start with --watch to keep several")
            return
        from smapstop.ui.screens.runs import RunsScreen

        self.app.push_screen(RunsScreen(self.session.runs.stored, self.session.run), self._show_chosen_run)

    def _show_chosen_run(self, run: Run | None) -> None:
        """Look at the run that the user chose: at an earlier one from its end."""
        if run is not None and run is self.session.runs.newest:
            self.action_live()
        elif run is not None and len(run.timeline):
            self.show_run(run, len(run.timeline) - 1)
