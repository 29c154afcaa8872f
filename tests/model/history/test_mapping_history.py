"""A life says of one mapping what the timeline says, whatever the keyframes, and however it was followed."""

from typing import Any

import numpy as np
from address_space import ids_of_readings, readings, space_histories, ticks_of
from factories import SECOND_NS, mappings_of, tick_of, timeline_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.history.time_window import window_until
from smapstop.model.tick import LifecycleEvent
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import ABSENT

NAN = float("nan")
keyframes = st.sets(st.integers(1, 8))


@given(space_histories, keyframes)
def test_its_amounts_are_the_series_of_the_timeline(life: list[Any], at: set[int]) -> None:
    maps = readings(life)
    timeline = timeline_of(*ticks_of(maps, at))
    numbers = np.arange(-1, len(timeline))

    for mapping in np.unique(np.concatenate(ids_of_readings(maps))).tolist():
        of = MappingHistory(timeline, mapping)
        for name, row in zip(of.fields, of.amounts(numbers), strict=True):
            series = timeline.queries.series(np.array([mapping]), name, 0, len(timeline))[0]
            np.testing.assert_array_equal([NAN, *series], row)


@given(space_histories, keyframes)
def test_followed_tick_by_tick_it_is_the_same_as_read_at_once(life: list[Any], at: set[int]) -> None:
    maps = readings(life)
    ticks = list(ticks_of(maps, at))
    growing = Timeline()
    growing.append(ticks[0])
    followed = [MappingHistory(growing, mapping) for mapping in ids_of_readings(maps)[0].tolist()]
    for tick in ticks[1:]:
        growing.append(tick)
        for one in followed:
            one.update()

    for one in followed:
        at_once = MappingHistory(growing, one.mapping)
        assert (at_once.first_tick, at_once.gone_tick) == (one.first_tick, one.gone_tick)
        assert at_once.lifecycle == one.lifecycle
        for step in range(len(at_once.states)):
            assert at_once.states[step].address_range == one.states[step].address_range
            assert at_once.last_changes(step).tolist() == one.last_changes(step).tolist()
            assert at_once.last_visible_change(step) == one.last_visible_change(step)


def test_a_long_life_keeps_every_step() -> None:
    ticks = [tick_of(number, mappings_of((1, 9, "rw-p", "", 4 * number)), [7]) for number in range(300)]
    life = MappingHistory(timeline_of(*ticks), 7)

    assert [4.0 * number for number in range(300)] == life.field("rss", life.step_at(299)).tolist()
    assert [0, *range(1, 300)] == [int(life.last_changes(step)[life.fields.index("rss")]) for step in range(300)]


def test_a_field_that_is_printed_later_was_unknown_before() -> None:
    timeline = timeline_of(
        tick_of(0, mappings_of((1, 3)), [7]),
        tick_of(1, mappings_of((1, 3), ksm=[4]), [7]),
        tick_of(2, mappings_of((1, 3), ksm=[ABSENT]), [7]),
    )
    life = MappingHistory(timeline, 7)

    assert life.fields == ("size", "rss", "ksm")
    np.testing.assert_array_equal([NAN, 4, NAN], life.field("ksm", 2))
    assert life.last_changes(2).tolist() == [0, 0, 2]


def test_only_visible_changes_count() -> None:
    timeline = timeline_of(
        tick_of(0, mappings_of((1, 3), pss=[8], private_dirty=[0]), [7]),
        tick_of(1, mappings_of((1, 3), pss=[4], private_dirty=[0]), [7]),
        tick_of(2, mappings_of((1, 3), pss=[4], private_dirty=[4]), [7]),
        tick_of(3, mappings_of((1, 3), pss=[2], private_dirty=[4]), [7]),
        tick_of(4, mappings_of((1, 3, "r--p"), pss=[2], private_dirty=[4]), [7]),
    )
    life = MappingHistory(timeline, 7)

    assert [life.last_visible_change(step) for step in range(5)] == [0, 0, 2, 2, 4]


def test_it_keeps_what_happened_to_it_and_to_others_through_it() -> None:
    split, merge = LifecycleEvent("split", 8, 7), LifecycleEvent("merge", 8, 7)
    timeline = timeline_of(
        tick_of(0, mappings_of((1, 9)), [7]),
        tick_of(1, mappings_of((1, 5), (5, 9, "r--p")), [7, 8], lineage=(split, LifecycleEvent("map", 9))),
        tick_of(2, mappings_of((1, 9)), [7], gone=[8], lineage=(merge,)),
    )

    assert [(1, split), (2, merge)] == MappingHistory(timeline, 7).lifecycle
    assert [(1, split), (2, merge)] == MappingHistory(timeline, 8).lifecycle
    assert (MappingHistory(timeline, 8).first_tick, MappingHistory(timeline, 8).gone_tick) == (1, 2)


def test_over_time_each_stretch_is_its_greatest_value() -> None:
    rss = [4, 8, 4, 0, 16, 12]
    timeline = timeline_of(*(tick_of(at, mappings_of((1, 9, "rw-p", "", kb)), [7]) for at, kb in enumerate(rss)))
    life = MappingHistory(timeline, 7)

    window = window_until(np.arange(6) * SECOND_NS, 0, None)
    assert life.window_maxima("rss", window, 5, 5).tolist() == [4, 8, 4, 0, 16]
    assert life.window_maxima("rss", window, 5, 2).tolist() == [8, 16]
    assert life.window_maxima("rss", window, 5, 10).tolist() == [4, 8, 8, 4, 4, 0, 0, 16, 16, 12]
    np.testing.assert_array_equal([4, 8, 4, NAN, NAN], life.window_maxima("rss", window, 2, 5))
    assert life.window_values("rss", window, 5).tolist() == rss
    later = window_until(np.arange(6) * SECOND_NS, 0, 2)
    assert life.window_values("rss", later, 5).tolist() == [0, 16, 12]
    assert life.window_maxima("rss", later, 5, 2).tolist() == [0, 16]


def test_over_time_a_stretch_that_was_read_is_not_what_was_read_before() -> None:
    ticks = [tick_of(at, mappings_of(), [], tier="counters") for at in range(6)]
    for at, kb in ((0, 40), (4, 8)):
        ticks[at] = tick_of(at, mappings_of((1, 9, "rw-p", "", kb)), [7], keyframe=not at)
    life = MappingHistory(timeline_of(*ticks), 7)
    is_reading = np.array([tick.has_mappings for tick in ticks])

    window = window_until(np.arange(6) * SECOND_NS, 0, None, is_reading=is_reading)
    assert life.window_maxima("rss", window, 5, 2).tolist() == [40, 8]
    assert life.window_maxima("rss", window, 3, 1).tolist() == [40]


def test_over_time_there_is_nothing_where_the_mapping_was_not_there() -> None:
    timeline = timeline_of(
        tick_of(0, mappings_of((20, 21)), [1]),
        tick_of(1, mappings_of((1, 3, "rw-p", "", 8)), [7]),
        tick_of(2, mappings_of(), [], monotonic_ns=4 * SECOND_NS),
    )
    life = MappingHistory(timeline, 7)

    window = window_until(np.array([0, 1, 4]) * SECOND_NS, 0, None)
    np.testing.assert_array_equal([NAN, 8, NAN, NAN], life.window_maxima("rss", window, 1, 4))


def test_a_mapping_that_no_tick_knows_has_no_states() -> None:
    life = MappingHistory(timeline_of(tick_of(0, mappings_of((1, 3)), [7])), 99)

    assert life.states == []
    assert life.gone_tick is None


def test_it_forgets_what_the_timeline_forgets_but_not_how_it_began() -> None:
    timeline = Timeline(max_bytes=100_000, segment_ticks=2)
    timeline.append(tick_of(0, mappings_of((1, 9)), [7]))
    followed = MappingHistory(timeline, 7)
    for number in range(1, 60):
        timeline.append(tick_of(number, mappings_of((1, 9, "rw-p", "", 4 * number)), [7]))
        followed.update()

    first = timeline.oldest
    assert 1 < first < 58
    for life in (followed, MappingHistory(timeline, 7)):
        assert [0, *range(first, 60)] == [life.tick_of(step).number for step in range(len(life.states))]
        assert [0, *(4.0 * number for number in range(first, 60))] == life.field("rss", len(life.states) - 1).tolist()
        window = window_until(np.arange(60) * SECOND_NS, first, None)
        assert life.window_values("rss", window, 59).tolist() == [4.0 * number for number in range(first, 60)]
