"""Deltas, and rates where there are any."""

from dataclasses import replace
from typing import Any

import pytest
from factories import COUNTERS, SECOND_NS, mappings_of, tick_of, timeline_of

from smapstop.model.tick import Tick
from smapstop.model.timeline.map_diff import MapDiff, diff_maps
from smapstop.model.timeline.rates import STALE_INTERVALS, cpu_share, fault_rates, rate_seconds
from smapstop.proc.columns import ABSENT


def amounts(changes: MapDiff, name: str) -> list[int] | None:
    delta = changes.delta(name)
    return None if delta is None else delta.tolist()


@pytest.fixture
def changes() -> MapDiff:
    rows = ((10, 20, "rw-p", "", 8), (30, 40, "rw-p", "", 4), (50, 60))
    later = ((10, 20, "rw-p", "", 2), (30, 40, "rw-p", "", 4), (70, 80, "rw-p", "", 9))
    timeline = timeline_of(
        tick_of(
            0,
            mappings_of(*rows, swap=[5, ABSENT, 1], pss=[1, 2, 3]),
            [5, 6, 7],
            totals={"rss": 12, "uss": 3},
        ),
        tick_of(
            1,
            mappings_of(*later, swap=[ABSENT, 7, 8], ksm=[1] * 3),
            [5, 6, 8],
            gone=[7],
            totals={"rss": 15},
        ),
    )
    return diff_maps(timeline.at(0), timeline.at(1))


def test_rows_are_found_by_their_ids(changes: MapDiff) -> None:
    assert changes.before_rows.tolist() == [0, 1, -1]
    assert changes.gone_rows.tolist() == [2]


def test_deltas_are_signed_and_born_mappings_changed_by_all_they_have(changes: MapDiff) -> None:
    assert amounts(changes, "rss") == [-6, 0, 9]


def test_what_was_not_printed_in_one_of_the_readings_did_not_change(changes: MapDiff) -> None:
    assert amounts(changes, "swap") == [0, 0, 8]
    assert amounts(changes, "ksm") == [0, 0, 1]
    assert amounts(changes, "pss") == [0, 0, 0]
    assert amounts(changes, "unheard_of") is None


def test_moment_compared_with_itself_changed_nothing(changes: MapDiff) -> None:
    nothing = diff_maps(changes.after, changes.after)

    assert amounts(nothing, "rss") == [0, 0, 0]
    assert nothing.gone_rows.tolist() == []


def at(number: int, seconds: float, **counters: int) -> Tick:
    none = mappings_of()
    return tick_of(
        number,
        none,
        [],
        monotonic_ns=int(seconds * SECOND_NS),
        counters=replace(COUNTERS, **dict[str, Any](counters)),
    )


def test_rates_divide_by_the_time_between_the_readings() -> None:
    before = at(3, 10, minor_faults=100, major_faults=7, user_ticks=50, system_ticks=50)
    after = at(5, 12.5, minor_faults=350, major_faults=7, user_ticks=150, system_ticks=75)

    assert rate_seconds(before, after) == 2.5
    assert fault_rates(before, after) == (100, 0)
    assert cpu_share(before, after, 100) == 0.5


def test_no_rate_over_a_gap() -> None:
    limit = 2 * STALE_INTERVALS

    assert rate_seconds(at(3, 0), at(5, limit)) == limit
    assert rate_seconds(at(3, 0), at(5, limit + 0.1)) is None
    assert fault_rates(at(3, 0), at(5, limit + 0.1)) is None
    assert cpu_share(at(3, 0), at(5, limit + 0.1), 100) is None


def test_no_rate_of_a_tick_with_itself_or_against_time() -> None:
    assert rate_seconds(at(3, 1), at(3, 1)) is None
    assert rate_seconds(at(4, 2), at(3, 1)) is None
    assert rate_seconds(at(3, 1), at(4, 1)) is None


def test_no_rate_when_counters_ran_backwards() -> None:
    before, after = at(3, 1, minor_faults=5, user_ticks=9), at(4, 2, minor_faults=4, user_ticks=8)

    assert fault_rates(before, after) is None
    assert cpu_share(before, after, 100) is None
    assert fault_rates(at(3, 1, major_faults=5), at(4, 2)) is None
