"""An earlier run beside a later one, at the same age."""

from typing import Any

import pytest
from factories import SECOND_NS, mappings_of, tick_of, timeline_of

from smapstop.model.compare.previous_run import FOREIGN_ID_BASE, PreviousRun
from smapstop.model.tick import ExitStatus
from smapstop.model.timeline.map_diff import diff_maps
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import StringTable

HEAP, STACK, LIBRARY = "[heap]", "[stack]", "/lib/libz.so"


def run(*heaps: int, began: float = 0, ended: bool = False, at: int = 0) -> Timeline:
    """A run whose heap has so much at each second, on texts and at addresses of its own; then it may end."""
    texts = StringTable(["", f"nothing of run {began}"])
    rows = [
        mappings_of((at + 10, at + 90, "rw-p", HEAP, kb), (at + 100, at + 101, "rw-p", STACK, 8), texts=texts)
        for kb in heaps
    ]
    ticks = [
        tick_of(number, map_, [5, 6], keyframe=True, monotonic_ns=round((began + number) * SECOND_NS))
        for number, map_ in enumerate(rows)
    ]
    if ended:
        last = {"monotonic_ns": round((began + len(heaps)) * SECOND_NS), "ending": ExitStatus(status=0)}
        ticks.append(tick_of(len(heaps), rows[-1].take(slice(0)), [], keyframe=False, **last))
    return timeline_of(*ticks)


def heap_beside(earlier: Timeline, later: Timeline, number: int) -> int:
    """What the heap had in the earlier run."""
    moment = PreviousRun(1, earlier).at_same_age(later, later.at(number))
    row = moment.row_of(5)
    assert row is not None
    rss = moment.mappings.get("rss")
    assert rss is not None
    return int(rss[row])


@pytest.mark.parametrize(("began", "expected"), [(1000, [10, 20, 30]), (1000.4, [10, 20, 30])])
def test_it_is_as_old_as_the_other_run(began: float, expected: list[int]) -> None:
    earlier, later = run(10, 20, 30, 40), run(1, 2, 3, began=began)
    assert [heap_beside(earlier, later, number) for number in range(3)] == expected


def test_the_nearest_reading_counts_not_the_one_before() -> None:
    earlier, texts = run(10, 20, 30), StringTable()
    rows = mappings_of((10, 90, "rw-p", HEAP, 1), texts=texts)
    times = (0, 0.99, 1.4, 1.6)
    later = timeline_of(
        *(
            tick_of(at, rows, [5], keyframe=True, monotonic_ns=round(when * SECOND_NS))
            for at, when in enumerate(times)
        )
    )
    assert [heap_beside(earlier, later, number) for number in range(4)] == [10, 20, 20, 30]


def test_a_run_that_ended_before_stays_what_it_was_at_its_end() -> None:
    earlier, later = run(10, 20, ended=True), run(1, 2, 3, 4, 5, began=50)
    moment = PreviousRun(1, earlier).at_same_age(later, later.at(4))
    assert moment.tick.ending == ExitStatus(status=0)
    assert heap_beside(earlier, later, 4) == 20


def test_mappings_that_are_alike_have_the_ids_of_the_other_run_and_others_none_of_them() -> None:
    before = mappings_of(
        (1, 2, "r--p", LIBRARY), (10, 90, "rw-p", HEAP, 10), (100, 101, "rw-p", STACK, 8), texts=StringTable()
    )
    after = mappings_of(
        (510, 590, "rw-p", HEAP, 15), (600, 601, "rw-p", STACK, 8), (700, 701, "rw-p", ""), texts=StringTable()
    )
    earlier, later = timeline_of(tick_of(0, before, [0, 1, 2])), timeline_of(tick_of(0, after, [0, 1, 2]))
    moment = PreviousRun(1, earlier).at_same_age(later, later.at(0))
    assert moment.ids.tolist() == [FOREIGN_ID_BASE, 0, 1]
    changes = diff_maps(moment, later.at(0))
    assert changes.before_rows.tolist() == [1, 2, -1]
    assert changes.gone_rows.tolist() == [0]
    deltas = changes.delta("rss")
    assert deltas is not None
    assert deltas.tolist() == [5, 0, 0]


def test_its_texts_are_those_of_the_other_run_and_more() -> None:
    before = mappings_of((1, 2, "r--p", LIBRARY, 0, 0, "rd mr"), (10, 90, "rw-p", HEAP, 10), texts=StringTable())
    after = mappings_of((510, 590, "rw-p", HEAP, 15), texts=StringTable(["", "something"]))
    earlier, later = timeline_of(tick_of(0, before, [0, 1])), timeline_of(tick_of(0, after, [0]))
    reported = PreviousRun(1, earlier).at_same_age(later, later.at(0)).mappings
    assert reported.strings.additions_since(0)[: len(after.strings)] == after.strings.additions_since(0)
    words: list[Any] = [
        [reported.string_at(getattr(reported, name), row) for name in ("name", "perms", "device", "flags")]
        for row in (0, 1)
    ]
    assert words == [[LIBRARY, "r--p", "08:01", "rd mr"], [HEAP, "rw-p", "00:00", ""]]
    assert LIBRARY not in after.strings.additions_since(0)


def test_what_is_known_of_one_moment_does_not_hold_for_another_map() -> None:
    earlier = run(10, 20)
    texts = StringTable()
    first = mappings_of((10, 90, "rw-p", HEAP, 1), (100, 101, "rw-p", STACK, 8), texts=texts)
    second = mappings_of((9, 10, "rw-p", ""), (10, 90, "rw-p", HEAP, 1), texts=texts)
    later = timeline_of(tick_of(0, first, [7, 8]), tick_of(1, second, [9, 7], keyframe=True))
    beside = PreviousRun(1, earlier)
    assert beside.at_same_age(later, later.at(0)).ids.tolist() == [7, 8]
    assert beside.at_same_age(later, later.at(1)).ids.tolist() == [7, FOREIGN_ID_BASE + 6]
    assert beside.at_same_age(later, later.at(0)).ids.tolist() == [7, 8]
