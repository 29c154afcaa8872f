"""The history takes little memory, is packed bit by bit, and forgets the oldest when it has too much."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from factories import TEXTS, mappings_of, tick_of, timeline_of

from smapstop.model.events import Events
from smapstop.model.tick import Tick
from smapstop.model.timeline.segment_store import SEGMENT_ROWS, SEGMENT_TICKS, SEGMENTS_PER_BASE
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.fields import FIELDS

FIELD_NAMES = [field.name for field in FIELDS if field.name not in ("size", "rss")]
BYTES_OF_AN_HOUR = 12 << 20
MAPPINGS, CHANGES = 500, 50


def busy(ticks: int) -> Iterator[Tick]:
    """A process of 500 mappings, of which 50 change in a tick, in six fields and in pages."""
    rng = np.random.default_rng(1)
    places = [(100 * at, 100 * at + 50, "rw-p", "" if at % 3 else f"/lib/{at}.so") for at in range(MAPPINGS)]
    amounts = {name: 4 * rng.integers(0, 60, MAPPINGS) for name in ("rss", *FIELD_NAMES)}
    for number in range(ticks):
        ids = np.sort(rng.choice(MAPPINGS, CHANGES, replace=False)) if number else np.arange(MAPPINGS)
        for name in ("rss", "pss", "pss_dirty", "private_dirty", "referenced", "anonymous"):
            amounts[name][ids] += 4 * rng.integers(1, 20, len(ids))
        amounts["pss"][ids] -= rng.integers(0, 4, len(ids))
        rows = [(*places[at], int(amounts["rss"][at])) for at in ids.tolist()]
        reported: dict[str, Any] = {name: amounts[name][ids].tolist() for name in FIELD_NAMES}
        yield tick_of(
            number,
            mappings_of(*rows, **reported),
            ids.tolist(),
            totals={name: int(column.sum()) for name, column in amounts.items()},
            events=Events(ids, np.zeros(len(ids), np.int8), 4 * ids, ids % 7 > 0),
            read_ns=int(rng.integers(1_000_000, 9_000_000)),
        )


def bytes_in(thing: object, seen: set[int]) -> int:
    """What an object takes with all that only it refers to."""
    if id(thing) in seen or thing is TEXTS or isinstance(thing, str | type | np.dtype):
        return 0
    seen.add(id(thing))
    parts: list[object] = []
    if isinstance(thing, dict):
        parts = list(thing.values())
    elif isinstance(thing, tuple | list):
        parts = list(thing)
    elif hasattr(thing, "__slots__"):
        parts = [getattr(thing, name) for name in thing.__slots__]
    return sys.getsizeof(thing) + sum(bytes_in(part, seen) for part in parts)


def test_an_hour_of_a_busy_process_stays_small() -> None:
    ticks = 2 * SEGMENT_TICKS
    timeline = timeline_of(*busy(ticks + 2))

    assert 3600 * timeline.nbytes / ticks < BYTES_OF_AN_HOUR


def test_the_bytes_that_are_counted_are_those_that_are_taken() -> None:
    timeline = timeline_of(*busy(SEGMENT_TICKS + 2))
    packed = timeline._segments._packed

    assert bytes_in(packed, set()) == pytest.approx(timeline.nbytes, rel=0.15)


def test_many_rows_are_packed_before_there_are_many_ticks() -> None:
    count = SEGMENT_ROWS // 2
    rows = mappings_of(*((2 * at, 2 * at + 1) for at in range(count)))
    timeline = Timeline()
    for number in range(7):
        timeline.append(tick_of(number, rows, list(range(count))))

    assert [segment.first for segment in timeline._segments._packed] == [0, 3]


def test_no_tick_packs_both_rows_and_a_whole_map() -> None:
    timeline, history = Timeline(segment_ticks=4), []
    for tick in busy(6):
        timeline.append(tick)
        history.append(timeline.nbytes)

    assert [nbytes > 0 for nbytes in history] == [False] * 5 + [True]


# forgetting


def quiet(ticks: int, **how: int) -> Timeline:
    """A mapping that grows once in fifty ticks."""
    timeline = Timeline(segment_ticks=1, **how)
    for number in range(ticks):
        rows = [(1, 9, "rw-p", "", 4 * (number // 50))] if number % 50 == 0 else []
        timeline.append(tick_of(number, mappings_of(*rows), [7] * len(rows)))
    return timeline


def test_history_stays_within_its_bounds() -> None:
    timeline, most = Timeline(max_bytes=600_000, segment_ticks=8), 0
    for tick in busy(200):
        timeline.append(tick)
        most = max(most, timeline.nbytes)

    assert 400_000 < most <= 600_000
    assert 80 < timeline.oldest < 200


def test_of_a_quiet_process_the_oldest_can_be_forgotten_too() -> None:
    timeline = quiet(4 * SEGMENTS_PER_BASE, max_bytes=1)

    assert timeline.oldest >= 2 * SEGMENTS_PER_BASE
    assert timeline.at(timeline.oldest).mappings.amounts.tolist() == [[32], [4 * (timeline.oldest // 50)]]


def test_the_start_and_the_mark_are_kept() -> None:
    timeline = quiet(60)
    timeline.pin(55)
    forgetful = Timeline(max_bytes=1, segment_ticks=1)
    for number, tick in enumerate(timeline.ticks):
        forgetful.append(tick)
        if number == 55:
            forgetful.pin(55)
    for number in range(60, 400):
        forgetful.append(tick_of(number, mappings_of(), []))

    assert forgetful.oldest > 60
    assert [forgetful.at(number).mappings.amounts.tolist() for number in (0, 55)] == [[[32], [0]], [[32], [4]]]
    assert forgetful.ticks[55].number == forgetful.header(55).number == 55
    with pytest.raises(IndexError, match=f"tick 54 is forgotten: history begins at tick {forgetful.oldest}"):
        forgetful.at(54)


def test_another_mark_takes_the_place_of_the_last() -> None:
    timeline = quiet(10)
    timeline.pin(3)
    timeline.pin(5)
    timeline.pin(5)

    assert sorted(timeline.snapshots.pinned) == [0, 5]
