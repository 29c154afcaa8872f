"""Views of members at the moment that the dashboard shows, whose ticks are those of another process."""

from factories import mappings_of, tick_of

from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view_state import ViewState
from smapstop.ui.state.member_view import MemberViews

SECOND_NS = 1_000_000_000


def timeline(*seconds: int) -> Timeline:
    """Ticks at some seconds."""
    ticks = Timeline()
    for number, second in enumerate(seconds):
        rows = mappings_of((16, 26, "rw-p", "", number))
        ticks.append(tick_of(number, rows, [0], keyframe=True, monotonic_ns=second * SECOND_NS))
    return ticks


def test_live_shows_the_newest_tick_and_the_past_the_last_one_by_then() -> None:
    views, ticks = MemberViews(), timeline(2, 4, 6)
    live = views.view_of(ticks, ViewState(), 5 * SECOND_NS, 0)
    assert live is not None
    assert live.snapshot.tick.number == 2, "the newest, though the family was read before it"
    past = views.view_of(ticks, ViewState(at=77), 5 * SECOND_NS, 0)
    assert past is not None
    assert (past.snapshot.tick.number, past.state.at) == (1, 1)
    assert views.view_of(ticks, ViewState(at=0), 1 * SECOND_NS, 0) is None, "it had no tick then"
    assert views.view_of(Timeline(), ViewState(), 0, 0) is None


def test_a_mark_is_the_tick_of_the_member_at_that_time_or_its_first() -> None:
    ticks = timeline(2, 4, 6)
    for before_s, expected in ((5, 1), (1, 0)):
        marked = ViewState(baseline="mark", mark=99, filter="libc", grouping="kind")
        view = MemberViews().view_of(ticks, marked, 0, before_s * SECOND_NS)
        assert view is not None
        assert (view.state.mark, view.diff.before.tick.number) == (expected, expected)
        assert len(view.table) == 1, "it has all mappings"


def test_the_view_is_reused_until_a_tick_is_appended() -> None:
    views, ticks = MemberViews(), timeline(2, 4)
    first = views.view_of(ticks, ViewState(), 0, 0)
    assert views.view_of(ticks, ViewState(), 0, 0) is first
    ticks.append(tick_of(2, mappings_of((16, 26, "rw-p", "", 9)), [0], keyframe=True, monotonic_ns=9 * SECOND_NS))
    assert views.view_of(ticks, ViewState(), 0, 0) is not first
