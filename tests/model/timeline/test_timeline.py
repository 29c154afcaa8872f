"""Every moment can be asked for again, whatever was asked before and wherever the keyframes are."""

from typing import Any

import numpy as np
import pytest
from address_space import identified, lives, readings, ticks_of
from building import SECOND, listed, mappings_of, tick_of, timeline_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.tick import Ending
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import ABSENT

keyframes = st.sets(st.integers(1, 8))
numbers = st.lists(st.integers(0, 7), min_size=1, max_size=20)


@given(lives, keyframes, numbers)
def test_every_moment_is_the_whole_map_at_its_tick(life: list[Any], at: set[int], asked: list[int]) -> None:
    maps = readings(life)
    ids = identified(maps)
    timeline = timeline_of(*ticks_of(maps, at))

    for number in [number % len(maps) for number in asked]:
        moment = timeline.at(number)
        assert moment.tick is timeline.ticks[number]
        assert ids[number].tolist() == moment.ids.tolist()
        assert listed(maps[number]) == listed(moment.mappings)


@given(lives, keyframes)
def test_when_mappings_moved_does_not_depend_on_keyframes(life: list[Any], at: set[int]) -> None:
    maps = readings(life)
    plain, keyed = timeline_of(*ticks_of(maps, set())), timeline_of(*ticks_of(maps, at))

    for number in range(len(maps)):
        assert plain.at(number).moved.tolist() == keyed.at(number).moved.tolist()


@given(lives, keyframes)
def test_moments_replayed_are_those_that_were_appended(life: list[Any], at: set[int]) -> None:
    timeline = Timeline()
    appended = [timeline.append(tick) for tick in ticks_of(readings(life), at)]
    forgetful = timeline_of(*timeline.ticks)
    forgetful.snapshots.clear()

    for moment in appended:
        again = forgetful.at(moment.tick.number)
        assert moment.ids.tolist() == again.ids.tolist()
        assert moment.moved.tolist() == again.moved.tolist()
        assert moment.read.number == again.read.number
        assert listed(moment.mappings) == listed(again.mappings)


@given(
    lives,
    keyframes,
    st.lists(st.integers(0, 30), unique=True, max_size=6),
    st.sampled_from(["rss", "size", "swap"]),
    st.integers(-3, 9),
    st.integers(-3, 12),
)
def test_series_are_what_the_moments_say(
    life: list[Any], at: set[int], ids: list[int], name: str, first: int, stop: int
) -> None:
    timeline = timeline_of(*ticks_of(readings(life), at))
    expected = np.full((len(ids), len(range(len(timeline))[max(0, first) : max(0, stop)])), np.nan)
    for column, number in enumerate(range(len(timeline))[max(0, first) : max(0, stop)]):
        moment = timeline.at(number)
        values = moment.mappings.get(name)
        for line, mapping in enumerate(ids):
            row = moment.row_of(mapping)
            if row is not None and values is not None:
                expected[line, column] = values[row]

    np.testing.assert_array_equal(timeline.queries.series(np.array(ids, np.int64), name, first, stop), expected)


def test_series_of_a_field_that_is_not_always_printed_has_gaps() -> None:
    rows = ((10, 20), (30, 40))
    timeline = timeline_of(
        tick_of(0, mappings_of(*rows, swap=[1, 2]), [0, 1]),
        tick_of(1, mappings_of(*rows, swap=[3, ABSENT]), [0, 1]),
        tick_of(2, mappings_of((10, 20)), [0]),
        tick_of(3, mappings_of((10, 20), swap=[5]), [0]),
    )

    nan = np.nan
    np.testing.assert_array_equal(
        timeline.queries.series(np.array([1, 0]), "swap", 0, 4), np.array([[2, nan, nan, nan], [1, 3, nan, 5]])
    )


def test_only_the_next_tick_may_follow() -> None:
    nothing = mappings_of()
    timeline = Timeline()
    with pytest.raises(ValueError, match="tick 1 cannot follow 0 ticks"):
        timeline.append(tick_of(1, nothing, []))
    with pytest.raises(ValueError, match="tick 0 cannot follow 0 ticks"):
        timeline.append(tick_of(0, nothing, [], keyframe=False))
    timeline.append(tick_of(0, nothing, []))
    with pytest.raises(ValueError, match="tick 2 cannot follow 1 ticks"):
        timeline.append(tick_of(2, nothing, []))
    assert len(timeline) == 1


def test_no_tick_before_the_first_and_after_the_last() -> None:
    timeline = timeline_of(tick_of(0, mappings_of(), []))
    for number in (-1, 1):
        with pytest.raises(IndexError):
            timeline.at(number)


def test_newest_moment_and_ending() -> None:
    timeline = Timeline()
    assert timeline.last is None
    assert timeline.ending is None

    moment = timeline.append(tick_of(0, mappings_of((1, 2)), [0]))
    assert timeline.last is moment
    assert timeline.ending is None

    timeline.append(tick_of(1, mappings_of(), [], ending=Ending(status=3)))
    assert timeline.ending == Ending(status=3)
    assert timeline.last is not None
    assert timeline.last.read is moment.tick
    assert listed(timeline.last.mappings) == listed(moment.mappings)


def test_tick_at_a_wall_clock_time_is_the_last_one_begun_by_then() -> None:
    timeline = timeline_of(*(tick_of(number, mappings_of(), []) for number in range(5)))
    begun, find = timeline.ticks[3].wall_ns, timeline.queries.find

    assert [find(begun), find(begun - 1), find(begun + SECOND - 1)] == [3, 2, 3]
    assert [find(0), find(begun + 100 * SECOND)] == [0, 4]


def test_totals_have_gaps_where_they_are_unknown() -> None:
    totals: list[dict[str, int]] = [{"rss": 5, "uss": 4}, {"rss": 6}, {"uss": 7}]
    timeline = timeline_of(*(tick_of(at, mappings_of(), [], totals=known) for at, known in enumerate(totals)))

    np.testing.assert_array_equal(timeline.queries.totals("uss", 0, 3), [4, np.nan, 7])
    np.testing.assert_array_equal(timeline.queries.totals("rss", -5, 2), [5, 6])
    assert len(timeline.queries.totals("rss", 3, 9)) == 0


def test_change_of_a_mapping_at_a_tick() -> None:
    timeline = timeline_of(
        tick_of(0, mappings_of((10, 20, "rw-p", "", 8), (30, 40), swap=[4, ABSENT]), [0, 1]),
        tick_of(1, mappings_of((50, 60, "rw-p", "", 4), swap=[0]), [2]),
        tick_of(2, mappings_of((10, 30, "rw-p", "", 12), swap=[1]), [0], gone=[2]),
        tick_of(3, mappings_of((10, 30, "rw-p", "", 12), (30, 40), swap=[1, 7]), [0, 1], keyframe=True),
    )

    assert timeline.queries.change(0, 2) == {"size": 40, "rss": 4, "swap": -3}
    assert timeline.queries.change(2, 1) == {"size": 40, "rss": 4, "swap": 0}
    assert timeline.queries.change(0, 1) == {}
    assert timeline.queries.change(0, 3) == {"size": 0, "rss": 0, "swap": 0}
    assert timeline.queries.change(1, 3) == {"size": 0, "rss": 0, "swap": 7}
