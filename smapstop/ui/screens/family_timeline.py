"""Actions that change at which moment a family is shown, and with which it is compared."""

from textual import on

from smapstop.model.view.view_state import ViewState
from smapstop.ui.screens.member_lists import MemberLists
from smapstop.ui.state.family_state import tick_at
from smapstop.ui.state.session import Session
from smapstop.ui.widgets.family_band import FamilyBand


class FamilyTimeline(MemberLists):
    """A screen of a family at a moment, which is a tick of the process that the dashboard shows.

    Args:
        session: State of the session, whose moment it is.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def change_view(self, view_state: ViewState) -> None:
        """Set the view state, and redraw."""
        labels = self.key_labels()
        self.session.set_view_state(view_state)
        self.session.refresh()
        if labels != self.key_labels():
            self.refresh_bindings()
        self.redraw()

    @on(FamilyBand.MomentRequested)
    def go_to_moment(self, message: FamilyBand.MomentRequested) -> None:
        """Go to the moment at which the user pointed; no longer compare with the begin of a range."""
        number = None if message.at_ns is None else self._tick_at(message.at_ns)
        self.change_view(self.session.view_state.without_range().seek(number))

    @on(FamilyBand.TimesSelected)
    def select_times(self, message: FamilyBand.TimesSelected) -> None:
        """Go to the end of a range of time, and compare with its begin."""
        first, last = self._tick_at(message.begin_ns), self._tick_at(message.end_ns)
        self.change_view(self.session.view_state.select_range(min(first, max(0, last - 1)), last))

    def _tick_at(self, at_ns: int) -> int:
        """The last tick up to a moment, monotonic clock, ns; else the oldest known one."""
        number = tick_at(self.session.timeline, at_ns)
        return self.session.timeline.oldest if number is None else number

    def key_labels(self) -> dict[str, str]:
        """What the key for pausing does now, by action, if it does not pause."""
        view_state = self.session.view_state
        return {} if view_state.at is None or view_state.speed else {"pause": "resume"}

    def action_pause(self) -> None:
        """Pause at the moment shown, or go back to live."""
        self.change_view(self.session.view_state.toggle_pause(self.session.shown_number))

    def action_step(self, ticks: int) -> None:
        """Step back or forward by ticks; forward to the newest tick is live."""
        newest = len(self.session.timeline) - 1
        if newest >= 0:
            self.change_view(self.session.view_state.step(self.session.shown_number, newest, ticks))

    def action_live(self) -> None:
        """Go back to live."""
        self.change_view(self.session.view_state.seek(None))

    def action_zoom(self, direction: int) -> None:
        """Show less time (-1) or more (1) in the band and in all histories."""
        self.change_view(self.session.zoom(direction))

    def action_compare(self) -> None:
        """Compare with the next baseline."""
        self.change_view(self.session.view_state.cycle_baseline(earlier=self.session.previous_run is not None))
