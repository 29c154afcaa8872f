"""Page faults over time: what ranges of ticks say is what their ticks say."""

import numpy as np
import pytest
from factories import faults_of, mappings_of, tick_of

from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.tick import Tier
from smapstop.model.timeline.timeline import Timeline

ROWS = mappings_of((1, 2), (3, 4))
TICKS = 40


def faults_at(number: int) -> PageFaults | None:
    """Faults of two mappings by functions that change; every third tick read no mappings."""
    if number % 3 == 2:
        return None
    return faults_of((0, f"f{number % 5} < main", number + 1), (number % 2, "g < main", 7), in_system_calls=number)


@pytest.fixture
def timeline() -> Timeline:
    """A timeline whose ticks are in segments of 4."""
    log = Timeline(segment_ticks=4)
    for number in range(TICKS):
        log.append(tick_of(number, ROWS, [0, 1], faults=faults_at(number)))
    return log


def reported(faults: PageFaults | None) -> dict[tuple[int, str], int]:
    """Faults by mapping and function, and those in system calls."""
    assert faults is not None
    rows = zip(faults.mapping.tolist(), faults.stack.tolist(), faults.faults.tolist(), strict=True)
    by = {(mapping, str(faults.stacks.frames_of(stack)[0].name)): count for mapping, stack, count in rows}
    return by | {(-1, "in system calls"): faults.in_system_calls}


def expected(first: int, stop: int) -> dict[tuple[int, str], int]:
    """Faults of the ticks, added up one by one."""
    sums: dict[tuple[int, str], int] = {}
    for number in range(first, stop):
        tick = faults_at(number)
        for key, count in (reported(tick) if tick is not None else {}).items():
            sums[key] = sums.get(key, 0) + count
    return sums


@pytest.mark.parametrize(("first", "stop"), [(0, TICKS), (0, 4), (3, 5), (5, 23), (38, 40), (7, 8)])
def test_a_range_has_the_faults_of_its_ticks(timeline: Timeline, first: int, stop: int) -> None:
    assert reported(timeline.faults.between(first, stop)) == expected(first, stop)


def test_a_range_may_grow_and_shrink_between_two_questions(timeline: Timeline) -> None:
    for stop in (10, 11, 30, 12, TICKS, TICKS, 9):
        assert reported(timeline.faults.between(2, stop)) == expected(2, stop)


def test_counts_of_mappings_add_up_over_time(timeline: Timeline) -> None:
    ids = np.array([1, 0, 99])
    series = timeline.faults.series(ids, 5, 20)
    for at, number in enumerate(range(5, 20)):
        sums = expected(0, number + 1)
        by_mapping = [
            sum(count for (mapping, _), count in sums.items() if mapping == wanted) for wanted in ids.tolist()
        ]
        assert series[:, at].tolist() == by_mapping
    assert timeline.faults.counts(ids, 0, 20).tolist() == series[:, -1].tolist()
    assert timeline.queries.series(ids, "faults", 5, 20).tolist() == series.tolist()


def test_what_was_not_watched_is_not_known() -> None:
    log = Timeline()
    log.append(tick_of(0, ROWS, [0, 1]))
    assert log.faults.between(0, 1) is None
    assert np.isnan(log.faults.series(np.array([0]), 0, 1)).all()
    assert np.isnan(log.faults.counts(np.array([0]), 0, 1)).all()


@pytest.mark.parametrize("segment_ticks", [3, 100])
def test_faults_since_the_last_reading_are_those_of_all_ticks_after_it(segment_ticks: int) -> None:
    log = Timeline(segment_ticks=segment_ticks)
    tiers: list[Tier] = ["smaps", "counters", "rollup", "smaps", "smaps", "counters", "smaps"]
    for number, tier in enumerate(tiers):
        faults = faults_of((0, "f < main", 10**number))
        rows = (ROWS, [0, 1]) if tier == "smaps" else (ROWS.take(slice(0)), [])
        log.append(tick_of(number, *rows, keyframe=tier == "smaps", tier=tier, faults=faults))

    sums = [log.faults.since_reading(number) for number in range(len(tiers))]
    assert [int(each.faults.sum()) for each in sums if each] == [1, 10, 110, 1110, 10**4, 10**5, 1100000]


def test_forgotten_ticks_are_left_out(timeline: Timeline) -> None:
    log = Timeline(max_bytes=20_000, segment_ticks=4)
    for number in range(2_000):
        log.append(tick_of(number, ROWS, [0, 1], faults=faults_at(number)))
        log.faults.between(0, number + 1)
    assert log.oldest > 0
    assert reported(log.faults.between(0, 2_000)) == expected(log.oldest, 2_000)
    assert set(log.faults._ranges) == {log.oldest}, "sums from ticks that are forgotten are forgotten, too"
    assert min(log.faults._sums, default=log.oldest) >= log.oldest
