"""Packed, a timeline answers every question as one that keeps every tick and every moment."""

from dataclasses import replace
from itertools import islice, pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from factories import mapping_dicts, mappings_of, tick_of
from hypothesis import given
from hypothesis import strategies as st
from random_ticks import assert_same, tick_streams, ticks_of_stream

from smapstop.model.history.event_log import EventLog
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.tick import LifecycleEvent
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.fields import EXTERNALLY_DRIVEN

NAN = float("nan")
HEADS = ("start", "end", "offset", "inode", "perms", "device", "name", "flags")
FORGETFUL = 40_000
"""Bytes that a few segments take."""

runs = st.integers(1, 5)
"""How many ticks are packed together."""


class Everything:
    """A log that keeps every tick and every moment, and looks for the answers there."""

    def __init__(self, stream: Any) -> None:
        self.ticks = list(ticks_of_stream(stream))
        self.moments: list[MapSnapshot] = []
        for tick in self.ticks:
            self.moments.append(apply_tick(self.moments[-1] if self.moments else None, tick))
        self.rows = [
            dict(zip(moment.ids.tolist(), mapping_dicts(moment.mappings), strict=True)) for moment in self.moments
        ]
        """What each mapping was, by tick."""
        self.mappings = sorted({mapping for tick in self.ticks for mapping in tick.ids.tolist()})

    def __len__(self) -> int:
        return len(self.ticks)

    def pack(self, run_ticks: int, **how: int) -> Timeline:
        """The timeline of the same ticks, which remembers no moment."""
        timeline = Timeline(segment_ticks=run_ticks, **how)
        for tick in self.ticks:
            timeline.append(tick)
        timeline.snapshots.clear()
        return timeline

    def row(self, mapping: int, number: int) -> dict[str, Any]:
        """What a mapping was at a tick; empty when it was not there."""
        return self.rows[number].get(mapping, {}) if number >= 0 else {}

    def amounts(self, mapping: int, number: int) -> dict[str, int]:
        """The fields of a mapping at a tick."""
        return {name: kb for name, kb in self.row(mapping, number).items() if name not in HEADS}

    def tells(self, mapping: int, number: int) -> bool:
        return mapping in self.ticks[number].ids

    def change(self, mapping: int, number: int) -> dict[str, int]:
        """See `MappingQueries.change`."""
        if not self.tells(mapping, number):
            return {}
        before = self.amounts(mapping, number - 1)
        return {name: kb - before.get(name, 0) for name, kb in self.amounts(mapping, number).items()}

    def steps(self, mapping: int) -> list[int]:
        """The ticks with something new of a mapping; keyframes repeat everything."""
        steps: list[int] = []
        for number in range(len(self)):
            row = self.row(mapping, number)
            news = not steps or not self.ticks[number].keyframe or row != self.row(mapping, steps[-1])
            if row and news and self.tells(mapping, number):
                steps.append(number)
        return steps

    def became(self, mapping: int) -> list[tuple[int, LifecycleEvent]]:
        lineage = [(tick.number, step) for tick in self.ticks for step in tick.lineage]
        return [(number, step) for number, step in lineage if mapping in (step.mapping, step.other)]


def in_any_order(count: int, seed: int) -> list[int]:
    numbers = list(range(count))
    Random(seed).shuffle(numbers)
    return numbers


@given(tick_streams, runs, st.integers(0, 9))
def test_every_tick_comes_back_as_it_was(stream: Any, run_ticks: int, seed: int) -> None:
    log = Everything(stream)
    timeline = log.pack(run_ticks)

    for number in in_any_order(len(log), seed):
        assert_same(log.ticks[number], timeline.ticks[number], f"tick {number}")
    for expected, found in zip(log.ticks, timeline.ticks, strict=True):
        assert_same(expected, found, f"tick {expected.number}")


@given(tick_streams, runs, st.integers(0, 9))
def test_every_moment_comes_back_as_it_was(stream: Any, run_ticks: int, seed: int) -> None:
    log = Everything(stream)
    timeline = log.pack(run_ticks)

    for number in in_any_order(len(log), seed):
        expected, found = log.moments[number], timeline.at(number)
        assert expected.reading_tick.number == found.reading_tick.number
        for part in ("tick", "ids", "mappings", "last_changed"):
            assert_same(getattr(expected, part), getattr(found, part), f"{part} at {number}")


@given(
    tick_streams, runs, st.integers(-3, 26), st.integers(-3, 28), st.sampled_from(["rss", "swap"]), st.integers(0, 9)
)
def test_series_are_those_of_the_moments(
    stream: Any, run_ticks: int, first: int, stop: int, name: str, seed: int
) -> None:
    log = Everything(stream)
    mappings = [log.mappings[at] for at in in_any_order(len(log.mappings), seed)]
    numbers = range(len(log))[max(0, first) : max(0, stop)]
    expected = [[log.amounts(mapping, number).get(name, NAN) for number in numbers] for mapping in mappings]

    found = log.pack(run_ticks).queries.series(np.array(mappings), name, first, stop)

    np.testing.assert_array_equal(np.array(expected, np.float64).reshape(found.shape), found)
    assert found.shape == (len(mappings), len(numbers))


@given(tick_streams, runs)
def test_changes_are_those_between_moments(stream: Any, run_ticks: int) -> None:
    log = Everything(stream)
    timeline = log.pack(run_ticks)

    for mapping in log.mappings:
        for number in range(len(log)):
            assert log.change(mapping, number) == timeline.queries.change(mapping, number)


@given(tick_streams, runs)
def test_totals_and_times_are_those_of_the_ticks(stream: Any, run_ticks: int) -> None:
    log = Everything(stream)
    timeline = log.pack(run_ticks)

    for name in ("rss", "uss", "none"):
        expected = np.array([tick.totals.get(name, NAN) for tick in log.ticks], np.float64)
        np.testing.assert_array_equal(expected, timeline.queries.totals(name, 0, len(log)))
    for tick in log.ticks:
        assert timeline.header(tick.number).wall_ns == tick.wall_ns


@given(tick_streams, runs)
def test_the_life_of_a_mapping_is_that_of_its_rows(stream: Any, run_ticks: int) -> None:
    log = Everything(stream)
    timeline = log.pack(run_ticks)

    for mapping in log.mappings:
        assert_lives(log, MappingHistory(timeline, mapping))


@given(tick_streams, runs)
def test_a_life_that_is_followed_tick_by_tick_is_the_same(stream: Any, run_ticks: int) -> None:
    log = Everything(stream)
    timeline = Timeline(segment_ticks=run_ticks)
    timeline.append(log.ticks[0])
    lives = [MappingHistory(timeline, mapping) for mapping in log.mappings]
    for tick in log.ticks[1:]:
        timeline.append(tick)
        for life in lives:
            life.update()

    for life in lives:
        assert_lives(log, life)


def assert_lives(log: Everything, life: MappingHistory) -> None:
    """A life says what the moments say."""
    numbers = log.steps(life.mapping)
    rows = [log.row(life.mapping, number) for number in numbers]
    assert numbers == [life.tick_of(step).number for step in range(len(life.states))]
    assert rows == [mapping_dicts(state.rows)[state.row] for state in life.states]
    there = [bool(log.row(life.mapping, number)) for number in range(len(log))]
    gone = [number for number in range(numbers[0], len(log)) if not there[number]]
    assert life.gone_tick == (gone[0] if gone else None)
    assert life.lifecycle == log.became(life.mapping)
    for step in range(len(numbers)):
        assert_changed(life, rows[: step + 1])


def assert_changed(life: MappingHistory, rows: list[dict[str, Any]]) -> None:
    """The last step at which each field changed, and the last that a person would call a change."""
    own = (name for name in life.fields if name not in EXTERNALLY_DRIVEN)
    names = ("start", "end", "perms", "name", "flags", *own)
    stirred = [
        at for at, (was, now) in enumerate(pairwise(rows), 1) if any(was.get(name) != now.get(name) for name in names)
    ]
    assert life.last_visible_change(len(rows) - 1) == max(stirred, default=0)
    for name, found in zip(life.fields, life.last_changes(len(rows) - 1).tolist(), strict=True):
        values = [row.get(name) for row in rows]
        assert found == max((at for at in range(1, len(rows)) if values[at] != values[at - 1]), default=0)
        np.testing.assert_array_equal([NAN if kb is None else kb for kb in values], life.field(name, len(rows) - 1))


@given(tick_streams, runs, st.integers(0, 9))
def test_what_happened_is_reported_as_from_ticks_that_are_not_packed(stream: Any, run_ticks: int, seed: int) -> None:
    log = Everything(stream)
    timeline, loose = log.pack(run_ticks), log.pack(len(log))

    for mapping in (None, *log.mappings[:2]):
        packed, plain = EventLog(timeline, mapping), EventLog(loose, mapping)
        for number in in_any_order(len(log), seed):
            assert packed.at(number) == plain.at(number)


@given(tick_streams, runs, st.integers(0, 9))
def test_what_is_not_forgotten_is_as_it_was_and_the_rest_says_so(stream: Any, run_ticks: int, seed: int) -> None:
    log = Everything(stream)
    timeline = log.pack(run_ticks, max_bytes=FORGETFUL)
    first = timeline.oldest

    assert_same(log.moments[0].mappings, timeline.initial.mappings)
    for number in in_any_order(len(log), seed):
        if number >= first:
            assert_same(log.ticks[number], timeline.ticks[number])
            assert_same(log.moments[number].mappings, timeline.at(number).mappings)
        elif number:
            for ask in (timeline.at, timeline.header, timeline.ticks.__getitem__, EventLog(timeline).at):
                with pytest.raises(IndexError):
                    ask(number)
    numbers = np.arange(len(log))
    for mapping in log.mappings:
        expected = [log.amounts(mapping, number).get("rss", NAN) for number in range(len(log))]
        known = np.where(numbers >= first, expected, NAN)
        np.testing.assert_array_equal([known], timeline.queries.series(np.array([mapping]), "rss", 0, len(log)))
        assert_remembers(log, MappingHistory(timeline, mapping), np.where(numbers == 0, expected, known))
    totals = [tick.totals.get("rss", NAN) if tick.number >= first else NAN for tick in log.ticks]
    np.testing.assert_array_equal(totals, timeline.queries.totals("rss", 0, len(log)))


@given(tick_streams, runs, st.sampled_from([FORGETFUL, 1 << 30]))
def test_retold_they_make_the_same_moments(stream: Any, run_ticks: int, kept_bytes: int) -> None:
    timeline = Everything(stream).pack(run_ticks, max_bytes=kept_bytes)
    begins = next((tick.number for tick in timeline.ticks if tick.has_mappings), len(timeline))
    retold = list(timeline.replayable_ticks())

    assert [tick.number for tick in retold] == list(range(len(timeline) - begins))
    again = Timeline()
    for tick in retold:
        again.append(tick)
        expected, found = timeline.at(tick.number + begins), again.at(tick.number)
        assert_same(expected.ids, found.ids)
        assert_same(expected.mappings, found.mappings)
        if tick.number:
            assert_same(replace(timeline.ticks[tick.number + begins], number=tick.number), tick)


def test_what_is_forgotten_while_it_is_retold_is_left_out() -> None:
    timeline = Timeline(max_bytes=50_000, segment_ticks=2)
    ticks = (tick_of(number, mappings_of((1, 2, "rw-p", "[heap]", 4 * number)), [0]) for number in range(200))
    for tick in islice(ticks, 100):
        timeline.append(tick)
    retold = timeline.replayable_ticks()
    first = next(retold)
    for tick in ticks:
        timeline.append(tick)
    assert timeline.oldest > 99, "everything that was known then is forgotten"
    assert (first.keyframe, list(retold)) == (True, [])


def assert_remembers(log: Everything, life: MappingHistory, rss: Any) -> None:
    """A life knows the start, and all that is not forgotten."""
    known = ~np.isnan(rss)
    if life.states:
        numbers = np.arange(len(log))[known]
        np.testing.assert_array_equal(rss[known], life.amounts(numbers)[life.fields.index("rss")])
    else:
        assert not known.any()
    steps = [life.tick_of(step).number for step in range(len(life.states))]
    assert steps == sorted(set(steps))
    assert [
        reported for reported in log.became(life.mapping) if reported[0] >= life.timeline.oldest
    ] == life.lifecycle


def test_ticks_that_are_forgotten_are_in_no_slice() -> None:
    timeline = Timeline(max_bytes=1, segment_ticks=1)
    for number in range(24):
        timeline.append(tick_of(number, mappings_of((1, 2, "rw-p", "", 4 * number)), [7]))

    assert 0 < timeline.oldest < 24
    numbers = list(range(timeline.oldest, 24))
    assert numbers == [tick.number for tick in timeline.ticks]
    assert numbers == [tick.number for tick in timeline.ticks[:]]
    assert numbers[::-1] == [tick.number for tick in reversed(timeline.ticks)]
    assert numbers[-1] == timeline.ticks[-1].number
