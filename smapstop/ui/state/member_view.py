"""Views of members of the family, each on its own timeline. Independent of Textual."""

from dataclasses import replace

from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.ui.state.family_state import tick_at


class MemberViews:
    """Derives views of members; the last one is reused while nothing of it changes."""

    def __init__(self) -> None:
        self._derived: tuple[Timeline, int, ViewState] | None = None
        self._view: View | None = None

    def view_of(self, timeline: Timeline, state: ViewState, at_ns: int, before_ns: int) -> View | None:
        """View of a member at the moment that the dashboard shows; None while it has no tick by then.

        Args:
            timeline: Ticks of the member.
            state: View state of the dashboard, whose ticks are those of another process.
            at_ns: The moment, monotonic clock, ns; ignored while the view is live.
            before_ns: The moment to compare with, ns.
        """
        number = None if state.at is None else tick_at(timeline, at_ns)
        if not len(timeline) or (state.at is not None and number is None):
            return None
        own = _own_state(timeline, state, number, before_ns)
        if self._derived != (timeline, len(timeline), own):
            self._derived, self._view = (timeline, len(timeline), own), derive_view(timeline, own)
        return self._view


def _own_state(timeline: Timeline, state: ViewState, number: int | None, before_ns: int) -> ViewState:
    """View state with ticks of a member instead of those of the process that the dashboard shows."""
    before = tick_at(timeline, before_ns)
    own = ViewState(at=number, span_s=state.span_s, units=state.units)
    match state.baseline:
        case "previous":
            return own
        case "start" | "run":
            return replace(own, baseline="start")
        case "mark" | "range":  # the moment was before it was sampled: its first tick
            return replace(own, baseline="mark", mark=timeline.oldest if before is None else before)
