"""Values that alerts compare, and where they are unknown."""

from dataclasses import replace
from typing import Any

import pytest
from factories import COUNTERS, cgroup_memory, mappings_of, tick_of, timeline_of

from smapstop.model.alerts.expression import parse_alert
from smapstop.model.alerts.ticks import AlertTicks
from smapstop.model.alerts.values import values_at
from smapstop.model.tick import Tick
from smapstop.proc.limits import Limits

MIB = 1 << 20


def tick(number: int, heap: int = 400, **other: Any) -> Tick:
    """A tick of a process with a heap, a library and nameless memory; everything is private."""
    rows = mappings_of(
        (1, 500, "rw-p", "[heap]", heap),
        (600, 700, "r-xp", "/lib/libfoo.so", 40),
        (701, 800, "rw-p", "/lib/libfoo.so", 8),
        (900, 999, "rw-p", "", 100),
        private_clean=[0, 40, 0, 0],
        private_dirty=[heap, 0, 8, 100],
    )
    group = cgroup_memory(max_bytes=MIB, current_bytes=900 << 10, cache_bytes=0, swap_bytes=0)
    usual: dict[str, Any] = {
        "totals": {"rss": heap + 148, "uss": heap + 148, "swap": 12},
        "limits": Limits(max_map_count=40, cgroup=group),
        "keyframe": True,
        "counters": replace(COUNTERS, minor_faults=100 * number, major_faults=number),
    }
    return tick_of(number, rows, [1, 2, 3, 4], **(usual | other))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rss>1", 548),
        ("swap>1", 12),
        ("pss>1", None),
        ("uss>80%limit", 548 / 1024),
        ("swap>80%limit", None),
        ("mappings>1", 4),
        ("libfoo mappings>1", 2),
        ("mappings>80%limit", 0.1),
        ("limit>80%", 900 / 1024),
        ("kind:heap rss>1", 400),
        ("libfoo rss>1", 48),
        ("libfoo perm:w rss>1", 8),
        ("libfoo uss>1", 48),
        ("libfoo pss>1", None),
        ("nowhere rss>1", 0),
        ("faults/s>1", 101),
        ("rate>1", 100),
        ("rate(uss)>1", 100),
        ("kind:heap rate>1", 100),
        ("libfoo rate>1", 0),
    ],
)
def test_values(text: str, value: float | None) -> None:
    timeline = timeline_of(*(tick(number, 100 * number) for number in range(5)))
    assert values_at(parse_alert(text), AlertTicks(timeline), 4) == (value,)


def test_parts_and_numbers_of_mappings_are_unknown_at_ticks_that_read_only_totals() -> None:
    rollup = tick(1, tier="rollup", keyframe=False)
    rollup = replace(rollup, ids=rollup.ids[:0], rows=rollup.rows.take(slice(0)))
    timeline = timeline_of(tick(0), rollup)
    for text, value in (("kind:heap rss>1", None), ("mappings>1", None), ("rss>1", 548)):
        assert values_at(parse_alert(text), AlertTicks(timeline), 1) == (value,)


def test_a_rate_is_since_the_last_reading_that_has_the_total() -> None:
    few = {"totals": {"rss": 500}}
    timeline = timeline_of(tick(0, 0), *(tick(n, 0, **few) for n in range(1, 8)), tick(8, 800))
    assert values_at(parse_alert("rate(uss)>1"), AlertTicks(timeline), 8) == (100.0,)
    assert values_at(parse_alert("rate(uss)>1"), AlertTicks(timeline), 7) == (None,)


def test_there_is_no_rate_at_first_and_none_over_a_gap() -> None:
    late = replace(tick(4, 800), monotonic_ns=3600 * 10**9)
    timeline = timeline_of(*(tick(number) for number in range(4)), late)
    for number in (0, 4):
        assert values_at(parse_alert("rate>1 faults/s>1"), AlertTicks(timeline), number) == (None, None)


def test_a_limit_that_is_not_there_is_unknown() -> None:
    timeline = timeline_of(tick(0, limits=Limits()))
    assert values_at(parse_alert("limit>80% rss>80%limit mappings>80%limit"), AlertTicks(timeline), 0) == (None,) * 3
