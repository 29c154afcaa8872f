"""Limits in words."""

from dataclasses import replace

import numpy as np
import pytest
from factories import cgroup_memory, mappings_of, tick_of, timeline_of

from smapstop.model.tick import ExitStatus
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.proc.limits import NO_LIMITS, Limits
from smapstop.text.limits import LimitText, limit_texts, mapping_count_text, memory_limit_kb

MIB = 1 << 20
ROWS = mappings_of((1, 2, "rw-p", "", 4), (3, 4, "rw-p", "", 4), (5, 6, "r--p", "/lib/a", 4))


def view_of(timeline: Timeline) -> View:
    return derive_view(timeline, ViewState())


def growing(*used_mib: float, max_mib: int | None = 64) -> Timeline:
    """A timeline whose control group uses so much at each tick."""
    ticks = []
    for number, used in enumerate(used_mib):
        group = cgroup_memory(
            current_bytes=int(used * MIB), cache_bytes=0, max_bytes=None if max_mib is None else max_mib * MIB
        )
        rows, ids = (ROWS, [0, 1, 2]) if number == 0 else (ROWS.take(slice(0)), [])
        ticks.append(tick_of(number, rows, ids, limits=Limits(65530, cgroup=group)))
    return timeline_of(*ticks)


@pytest.mark.parametrize(
    ("used_mib", "expected"),
    [
        pytest.param((16.0,), LimitText("limit", "25 % of 64 M", 0), id="far"),
        pytest.param((52.0,), LimitText("limit", "81 % of 64 M", 1), id="near"),
        pytest.param((61.0,), LimitText("limit", "95 % of 64 M", 2), id="almost full"),
        pytest.param(
            tuple(20 + 2 * number for number in range(12)),
            LimitText("limit", "66 % of 64 M, full in 10 s at +2 M/s", 1),
            id="on its way",
        ),
        pytest.param(
            tuple(41 + 2 * number for number in range(12)),
            LimitText("limit", "98 % of 64 M, full within 1 s at +2 M/s", 2),
            id="there",
        ),
        pytest.param((20, 20, 20, 20, 20, 20, 20, 30, 30, 30), LimitText("limit", "47 % of 64 M", 0), id="a jump"),
    ],
)
def test_memory_limit(used_mib: tuple[float, ...], expected: LimitText) -> None:
    timeline = growing(*used_mib)
    assert limit_texts(view_of(timeline), timeline) == [expected]
    assert memory_limit_kb(view_of(timeline)) == 64 * 1024


def test_a_process_that_has_ended_does_not_grow() -> None:
    timeline = growing(*(20 + 2 * number for number in range(12)))
    last = timeline.header(11)
    ids, rows = np.zeros(0, np.int64), ROWS.take(slice(0))
    timeline.append(replace(last, number=12, keyframe=False, ids=ids, rows=rows, ending=ExitStatus(signal=9)))
    assert limit_texts(view_of(timeline), timeline) == [LimitText("limit", "66 % of 64 M", 0)]


def test_nothing_is_said_without_a_limit() -> None:
    for timeline in (growing(16, max_mib=None), timeline_of(tick_of(0, ROWS, [0, 1, 2]))):
        assert limit_texts(view_of(timeline), timeline) == []
        assert memory_limit_kb(view_of(timeline)) is None


def test_a_memory_limit_that_cannot_be_read_is_said() -> None:
    timeline = timeline_of(tick_of(0, ROWS, [0, 1, 2], limits=Limits(65530, cgroup_missing="not mounted")))
    assert limit_texts(view_of(timeline), timeline) == [LimitText("limit", "not readable", 0)]
    assert memory_limit_kb(view_of(timeline)) is None


def test_other_limits_are_reported_once_they_are_near() -> None:
    for swap_mib, expected in ((3, []), (7, [LimitText("swap", "88 % of 8 M", 1)])):
        group = cgroup_memory(max_bytes=None, swap_bytes=swap_mib * MIB, swap_max_bytes=8 * MIB)
        timeline = timeline_of(tick_of(0, ROWS, [0, 1, 2], limits=Limits(cgroup=group)))
        assert limit_texts(view_of(timeline), timeline) == expected


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (NO_LIMITS, "3"),
        (Limits(65530), "3"),
        (Limits(3), "3 of at most 3, 2 of them anonymous"),
        (Limits(2), "3, more than the limit of 2: mmap fails, 2 of them anonymous"),
    ],
)
def test_the_limit_of_mappings_is_reported_once_it_is_near_with_what_most_of_them_are(
    limits: Limits, expected: str
) -> None:
    assert mapping_count_text(view_of(timeline_of(tick_of(0, ROWS, [0, 1, 2], limits=limits)))) == expected


def test_memory_of_the_kernel_is_counted_as_in_the_table_but_not_against_the_limit() -> None:
    page = 0xFFFFFFFFFF600
    rows = mappings_of((1, 2, "rw-p", "", 4), (page, page + 1, "--xp", "[vsyscall]", 0))
    for limits, expected in ((Limits(65530), "2"), (Limits(1), "1 of at most 1, 1 of them anonymous")):
        view = view_of(timeline_of(tick_of(0, rows, [0, 1], limits=limits)))
        assert mapping_count_text(view) == expected


def test_a_limit_is_in_the_unit_of_the_view_and_not_in_percent_of_the_process() -> None:
    timeline = growing(16)
    states = (ViewState(units="pages"), ViewState(units="kB"), ViewState(units="share"))
    texts = [limit_texts(derive_view(timeline, state), timeline)[0].text for state in states]
    assert texts == ["25 % of 16,384 p", "25 % of 65,536 kB", "25 % of 64 M"]
