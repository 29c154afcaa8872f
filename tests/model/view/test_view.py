"""What is seen through a lens."""

import pytest
from factories import TEXTS, change_of, mappings_of, recent_change_of, tick_of, timeline_of

from smapstop.model.compare.previous_run import FOREIGN_ID_BASE, PreviousRun
from smapstop.model.metrics import Metric
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import RATE_TICKS, REMOVED_ROW_TICKS, derive_view
from smapstop.model.view.view_state import Baseline, ViewState
from smapstop.proc.columns import StringTable

HEAP = (0x1000, 0x1100, "rw-p", "[heap]")
LIBC = (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6")


def growing(ticks: int) -> Timeline:
    """A heap that grows by 4 kB a tick, beside a library that stays."""
    timeline = timeline_of(tick_of(0, mappings_of((*HEAP, 40), (*LIBC, 30)), [0, 1]))
    for number in range(1, ticks):
        timeline.append(tick_of(number, mappings_of((*HEAP, 40 + 4 * number)), [0]))
    return timeline


def test_the_change_is_against_the_compared_moment() -> None:
    timeline = growing(6)
    compared = (
        ViewState(),
        ViewState(baseline="mark", mark=2),
        ViewState(baseline="start"),
        ViewState(at=3, baseline="start"),
    )
    assert [change_of(derive_view(timeline, state).table) for state in compared] == [
        [4, 0],
        [12, 0],
        [20, 0],
        [12, 0],
    ]


def test_a_mark_in_the_future_of_the_moment_is_the_moment_itself() -> None:
    shown = derive_view(growing(6), ViewState(at=1, baseline="mark", mark=4))
    assert change_of(shown.table) == [0, 0]


def test_a_rate_divides_by_the_time_between_the_readings_of_the_mappings() -> None:
    counters = {"tier": "counters"}
    nothing = mappings_of()
    timeline = timeline_of(
        tick_of(0, mappings_of((*HEAP, 40)), [0]),
        tick_of(1, nothing, [], **counters),
        tick_of(2, nothing, [], **counters),
        tick_of(3, mappings_of((*HEAP, 70)), [0]),
    )
    shown = derive_view(timeline, ViewState())
    table = shown.table
    assert (change_of(table), recent_change_of(table), table.recent_seconds) == ([30], [30], 3.0)


@pytest.mark.parametrize("baseline", ["previous", "mark", "start"])
def test_a_rate_is_over_the_last_ticks_whatever_is_compared(baseline: Baseline) -> None:
    table = derive_view(growing(9), ViewState(baseline=baseline, mark=2)).table
    assert (recent_change_of(table), table.recent_seconds) == ([4 * RATE_TICKS, 0], float(RATE_TICKS))


@pytest.mark.parametrize(("metric", "changes"), [("rss", [0]), ("uss", [-8]), ("dirty", [4]), ("swap", [0])])
def test_changes_follow_the_metric(metric: Metric, changes: list[int]) -> None:
    fields = ({"private_clean": [8], "private_dirty": [4]}, {"private_clean": [0], "private_dirty": [4]})
    moments = [
        tick_of(at, mappings_of((*HEAP, 40), texts=TEXTS, **kb, shared_dirty=[4 * at], swap=[0]), [0], keyframe=True)
        for at, kb in enumerate(fields)
    ]
    assert change_of(derive_view(timeline_of(*moments), ViewState(metric=metric)).table) == changes


def test_between_readings_the_last_change_stays() -> None:
    timeline = growing(3)
    timeline.append(tick_of(3, mappings_of(), [], tier="counters"))
    assert change_of(derive_view(timeline, ViewState()).table) == [4, 0]


def test_what_is_gone_is_shown_for_some_ticks() -> None:
    timeline = growing(2)
    timeline.append(tick_of(2, mappings_of(), [], gone=[1]))
    seen = [derive_view(timeline, ViewState()).table.gone.tolist()]
    for number in range(3, 3 + REMOVED_ROW_TICKS):
        timeline.append(tick_of(number, mappings_of(), []))
        seen.append(derive_view(timeline, ViewState()).table.gone.tolist())
    assert seen == [[False, True]] * REMOVED_ROW_TICKS + [[False]]


def test_the_filter_says_which_rows_to_keep() -> None:
    assert derive_view(growing(1), ViewState(filter="kind:heap")).filter_mask.tolist() == [True, False]


LIBRARY, NAMELESS = (0x3000, 0x3100, "r--p", "/usr/lib/libz.so"), (0x5000, 0x5100, "rw-p", "")


def runs() -> tuple[Timeline, Timeline]:
    """Two runs: in the later one the heap is bigger, a library is not there, and memory without a name is."""
    before = timeline_of(
        tick_of(
            0, mappings_of((*HEAP, 40), (*LIBC, 30), (*LIBRARY, 12), texts=StringTable(["", "before"])), [0, 1, 2]
        )
    )
    heap, libc = ((first + 0x70, stop + 0x70, *rest) for first, stop, *rest in (HEAP, LIBC))
    after = timeline_of(
        tick_of(0, mappings_of((*heap, 44), (*libc, 30), (*NAMELESS, 8), texts=StringTable()), [0, 1, 2])
    )
    return before, after


def test_an_earlier_run_is_compared_mapping_by_mapping_and_what_only_it_had_is_struck_through() -> None:
    before, after = runs()
    shown = derive_view(after, ViewState(baseline="run"), PreviousRun(1, before))
    data = shown.table
    names = [data.texts[code] for code in data.name.tolist()]
    assert names == ["[heap]", "/usr/lib/libc.so.6", "", "/usr/lib/libz.so"]
    assert change_of(data) == [4, 0, 8, -12]
    assert data.gone.tolist() == [False, False, False, True]
    assert data.ids.tolist() == [0, 1, 2, FOREIGN_ID_BASE + 2]
    assert shown.previous_run is not None


def test_groups_against_an_earlier_run_sum_up_what_is_new_and_what_is_not_there() -> None:
    before, after = runs()
    data = derive_view(after, ViewState(baseline="run", grouping="kind"), PreviousRun(1, before)).table
    changes = {data.texts[code]: kb for code, kb in zip(data.name.tolist(), change_of(data), strict=True)}
    assert changes == {"heap": 4, "file": -12, "anonymous": 8}


def test_without_an_earlier_run_or_compared_otherwise_it_does_not_matter() -> None:
    before, after = runs()
    assert change_of(derive_view(after, ViewState(baseline="run")).table) == [0, 0, 0]
    shown = derive_view(after, ViewState(baseline="start"), PreviousRun(1, before))
    assert change_of(shown.table) == [0, 0, 0]
    assert shown.previous_run is None


def test_a_filter_finds_what_only_the_earlier_run_had() -> None:
    before, after = runs()
    keep = derive_view(after, ViewState(baseline="run", filter="libz"), PreviousRun(1, before)).filter_mask
    assert keep.tolist() == [False, False, False, True]
