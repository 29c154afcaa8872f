"""The trend of a mapping: the run of changes that leads up to a tick, and what explains it."""

import numpy as np
import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.events import MECHANISMS, NO_EVENTS, Events, Mechanism
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.history.trend import mechanisms_of, trend_at


def history_of(*rss: int, events: tuple[Mechanism | None, ...] = ()) -> MappingHistory:
    """The history of a mapping with this Rss at each tick, a second apart, and what happened at each."""
    ticks = []
    for number, kb in enumerate(rss):
        what = events[number] if number < len(events) else None
        moved = abs(kb - rss[max(0, number - 1)])
        happened = NO_EVENTS
        if what is not None:
            code = np.array([MECHANISMS.index(what)], np.int8)
            happened = Events(np.array([7]), code, np.array([moved]), np.array([True]))
        rows = mappings_of((1, 100, "rw-p", "[heap]", kb))
        ticks.append(tick_of(number, rows, [7], keyframe=True, events=happened))
    return MappingHistory(timeline_of(*ticks), 7)


def test_what_never_changed_has_no_trend() -> None:
    assert trend_at(history_of(8, 8, 8), 2) is None
    assert trend_at(history_of(8), 0) is None


def test_steady_growth_goes_on() -> None:
    trend = trend_at(history_of(8, 12, 16, 20), 3)
    assert trend is not None
    assert (trend.first, trend.last, trend.changes, trend.kb) == (0, 3, 3, 12)
    assert (trend.seconds, trend.goes_on, trend.lost_kb) == (3, True, 0)


def test_growth_that_stopped_long_ago_does_not_go_on() -> None:
    history = history_of(8, 12, 16, 20, *[20] * 9)
    assert [trend.goes_on for number in (3, 5, 12) if (trend := trend_at(history, number))] == [True, True, False]


def test_a_fall_ends_a_run_and_is_remembered() -> None:
    trend = trend_at(history_of(40, 30, 34, 38, 42), 4)
    assert trend is not None
    assert (trend.first, trend.changes, trend.kb, trend.lost_kb) == (1, 3, 12, 10)
    falling = trend_at(history_of(40, 30), 1)
    assert falling is not None
    assert (falling.kb, falling.goes_on) == (-10, False)


def test_only_what_happened_up_to_the_tick_counts() -> None:
    trend = trend_at(history_of(8, 12, 16, 20, 24), 2)
    assert trend is not None
    assert (trend.last, trend.changes) == (2, 2)


@pytest.mark.parametrize("rises", [True, False])
def test_mechanisms_are_those_that_move_rss_the_same_way(rises: bool) -> None:
    happened: tuple[Mechanism | None, ...] = (None, "first-touch", "discard", "first-touch")
    rss = (8, 12, 16, 24) if rises else (24, 20, 16, 8)
    history = history_of(*rss, events=happened)
    trend = trend_at(history, 3)
    assert trend is not None
    found = [(entry.what, entry.kb) for entry in mechanisms_of(history, trend)]
    assert found == ([("first-touch", 12)] if rises else [("discard", 4)])


def test_what_leaves_rss_as_it_was_moved_nothing() -> None:
    """A page copied after a fork takes memory, but takes the place of the shared one."""
    history = history_of(8, 12, 16, 24, events=(None, "copy-on-write-after-fork", "shared-write", "first-touch"))
    trend = trend_at(history, 3)
    assert trend is not None
    assert [entry.what for entry in mechanisms_of(history, trend)] == ["first-touch"]
