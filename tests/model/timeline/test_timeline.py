"""Every moment can be asked for again, whatever was asked before and wherever the keyframes are."""

import gc
import weakref
from typing import Any

import pytest
from address_space import ids_of_readings, readings, space_histories, ticks_of
from factories import mapping_dicts, mappings_of, tick_of, timeline_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.tick import ExitStatus
from smapstop.model.timeline.timeline import Timeline

keyframes = st.sets(st.integers(1, 8))
numbers = st.lists(st.integers(0, 7), min_size=1, max_size=20)


@given(space_histories, keyframes, numbers)
def test_every_moment_is_the_whole_map_at_its_tick(life: list[Any], at: set[int], asked: list[int]) -> None:
    maps = readings(life)
    ids = ids_of_readings(maps)
    timeline = timeline_of(*ticks_of(maps, at))

    for number in [number % len(maps) for number in asked]:
        moment = timeline.at(number)
        assert moment.tick is timeline.ticks[number]
        assert ids[number].tolist() == moment.ids.tolist()
        assert mapping_dicts(maps[number]) == mapping_dicts(moment.mappings)


@given(space_histories, keyframes)
def test_when_mappings_moved_does_not_depend_on_keyframes(life: list[Any], at: set[int]) -> None:
    maps = readings(life)
    plain, keyed = timeline_of(*ticks_of(maps, set())), timeline_of(*ticks_of(maps, at))

    for number in range(len(maps)):
        assert plain.at(number).last_changed.tolist() == keyed.at(number).last_changed.tolist()


@given(space_histories, keyframes)
def test_moments_replayed_are_those_that_were_appended(life: list[Any], at: set[int]) -> None:
    timeline = Timeline()
    appended = [timeline.append(tick) for tick in ticks_of(readings(life), at)]
    forgetful = timeline_of(*timeline.ticks)
    forgetful.snapshots.clear()

    for moment in appended:
        again = forgetful.at(moment.tick.number)
        assert moment.ids.tolist() == again.ids.tolist()
        assert moment.last_changed.tolist() == again.last_changed.tolist()
        assert moment.reading_tick.number == again.reading_tick.number
        assert mapping_dicts(moment.mappings) == mapping_dicts(again.mappings)


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

    timeline.append(tick_of(1, mappings_of(), [], ending=ExitStatus(status=3)))
    assert timeline.ending == ExitStatus(status=3)
    assert timeline.last is not None
    assert timeline.last.reading_tick is moment.tick
    assert mapping_dicts(timeline.last.mappings) == mapping_dicts(moment.mappings)


def test_a_timeline_that_nobody_needs_any_more_is_freed_at_once() -> None:
    timeline = Timeline(segment_ticks=2)
    for number in range(5):
        timeline.append(tick_of(number, mappings_of((0x1000, 0x2000, "rw-p", "", 4 * number)), [0], keyframe=True))
    assert timeline.queries.change(0, 3)["rss"] == 4
    assert [timeline.header(number).number for number in range(5)] == list(range(5))
    parts = [weakref.ref(each) for each in (timeline, timeline.snapshots, timeline.queries, timeline.faults)]
    gc.disable()  # families whose members come and go forget many of them before it runs
    try:
        del timeline
        assert [part() for part in parts] == [None] * len(parts)
    finally:
        gc.enable()
