"""What is inferred between two readings, as rows of the table: their order, their groups, and its end."""

from dataclasses import replace
from typing import Any

import numpy as np
from factories import COUNTERS, faults_of, mappings_of, tick_of, timeline_of

from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.sort import Sorting, sort_rows
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState

HEAP, CACHE, LIBRARY, QUIET = 1, 2, 3, 4
IDS = [HEAP, CACHE, LIBRARY, QUIET]
MAP = mappings_of(
    (0, 10_000, "rw-p", "[heap]", 400),
    (20_000, 30_000, "rw-p", "", 0),
    (30_000, 40_000, "r-xp", "/lib/a", 0),
    (50_000, 60_000, "rw-p", "", 800),
)


def timeline(*between: list[tuple[int, str, int]]) -> Timeline:
    """A reading, and ticks between that and the next with page faults, each of which brings a page."""
    pages, ticks = 0, [tick_of(0, MAP, IDS, counters=replace(COUNTERS, rss_anon=1_200, rss_file=0))]
    for number, rows in enumerate(between, 1):
        pages += sum(count for _, _, count in rows)
        counters = replace(COUNTERS, rss_anon=1_200 + 4 * pages, rss_file=0)
        faults = faults_of(*rows)
        ticks.append(tick_of(number, MAP.take(slice(0)), [], counters=counters, tier="counters", faults=faults))
    return timeline_of(*ticks)


def inferred(view: View) -> list[tuple[Any, ...]]:
    """Growth, page faults and the tick of the last ones of each row."""
    rows = view.table.inferred
    assert rows is not None
    return list(zip(rows.kb.tolist(), rows.faults.tolist(), rows.last.tolist(), strict=True))


def test_rows_have_what_is_inferred_of_their_mappings() -> None:
    view = derive_view(
        timeline([(HEAP, "f < main", 10)], [(HEAP, "f < main", 5), (CACHE, "f < main", 20)]), ViewState()
    )
    assert inferred(view) == [(60, 15, 2), (80, 20, 2), (0, 0, -1), (0, 0, -1)]
    assert [view.mappings.ids[row] for row in sort_rows(view.table, Sorting())] == [CACHE, HEAP, QUIET, LIBRARY]
    assert view.table.metric_amounts is not None
    assert view.table.metric_amounts.tolist() == [400, 0, 0, 800], "what was measured stays as it was"


def test_a_row_moves_by_its_last_faults() -> None:
    ticks = [[(CACHE, "f < main", 20)], [(HEAP, "f < main", 1)], *[[]] * 9, [(LIBRARY, "f < main", 1)]]
    view = derive_view(timeline(*ticks), ViewState(at=2))
    assert [last for *_, last in inferred(view)] == [2, 1, -1, -1]

    later = derive_view(timeline(*ticks), ViewState())
    assert [last for *_, last in inferred(later)] == [1, 1, 12, -1], "what is no longer recent has the first tick"


def test_a_group_has_the_sum_of_its_mappings() -> None:
    log = timeline([(HEAP, "f < main", 10), (CACHE, "f < main", 20), (QUIET, "f < main", 5)])
    view = derive_view(log, ViewState(grouping="kind"))
    assert sorted(inferred(view)) == [(0, 0, -1), (40, 10, 1), (100, 25, 1)]

    anonymous = int(view.group_of[view.mappings.ids == CACHE][0])
    unfolded = derive_view(log, ViewState(grouping="kind", unfolded=frozenset((anonymous,))))
    assert sorted(inferred(unfolded)) == [(0, 0, -1), (20, 5, 1), (40, 10, 1), (80, 20, 1), (100, 25, 1)]


def test_at_a_reading_nothing_is_inferred() -> None:
    log = timeline([(HEAP, "f < main", 10)])
    log.append(tick_of(2, MAP, IDS, faults=faults_of((HEAP, "f < main", 1))))
    for number in (0, 2):
        view = derive_view(log, ViewState(at=number))
        assert view.growth is None
        assert view.table.inferred is None
        assert np.array_equal(view.table.last_moved, view.table.last_changed)
    assert derive_view(log, ViewState(at=1)).growth is not None


def test_without_page_faults_nothing_is_inferred() -> None:
    log = timeline_of(tick_of(0, MAP, IDS), tick_of(1, MAP.take(slice(0)), [], tier="counters"))
    assert derive_view(log, ViewState()).growth is None
