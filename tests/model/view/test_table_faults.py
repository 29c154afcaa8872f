"""Page faults as a metric of the table: amounts, changes, rates, groups, filter and order."""

from dataclasses import replace

from factories import PAGE, change_of, faults_of, mappings_of, recent_change_of, tick_of, timeline_of

from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.sort import Sorting, sort_rows
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState

ROWS = mappings_of((1, 2, "rw-p", "/lib/a"), (3, 4, "rw-p", "/lib/b"), (5, 6, "rw-p", "/lib/a"))


def timeline() -> Timeline:
    """Three ticks in which three mappings fault."""
    counts = ((1, 2, 3), (10, 20, 30), (100, 200, 0))
    faults = [faults_of(*((at, "f < main", count) for at, count in enumerate(tick))) for tick in counts]
    return timeline_of(*(tick_of(number, ROWS, [0, 1, 2], faults=each) for number, each in enumerate(faults)))


def test_changes_and_rates_follow_the_faults() -> None:
    view = derive_view(timeline(), ViewState(metric="faults"))
    assert view.table.metric_amounts is not None
    assert view.table.metric_amounts.tolist() == [111, 222, 33]
    assert change_of(view.table) == [100, 200, 0]
    assert recent_change_of(view.table) == [110, 220, 30]
    assert sort_rows(view.table, Sorting("delta")).tolist() == [1, 0, 2]
    since_start = derive_view(timeline(), ViewState(metric="faults", baseline="start"))
    assert change_of(since_start.table) == [110, 220, 30]


def test_another_metric_is_left_alone_and_the_column_is_there() -> None:
    view = derive_view(timeline(), ViewState())
    assert change_of(view.table) == [0, 0, 0]
    column = view.table.get("faults")
    assert column is not None
    assert column.tolist() == [111, 222, 33]
    at_first = derive_view(timeline(), ViewState(at=0)).table.get("faults")
    assert at_first is not None
    assert at_first.tolist() == [1, 2, 3]


def test_groups_sum_them_up_and_filters_find_them() -> None:
    grouped = derive_view(timeline(), ViewState(metric="faults", grouping="name"))
    assert grouped.table.metric_amounts is not None
    assert dict(zip(grouped.table.texts.additions_since(1), grouped.table.metric_amounts.tolist(), strict=True)) == {
        "/lib/a": 144,
        "/lib/b": 222,
    }
    filtered = derive_view(timeline(), ViewState(filter="faults>100"))
    assert filtered.matching.tolist() == [True, True, False]


def test_without_callers_there_is_no_column() -> None:
    view = derive_view(timeline_of(tick_of(0, ROWS, [0, 1, 2])), ViewState(metric="faults"))
    assert view.table.get("faults") is None
    assert view.table.metric_amounts is None


def test_a_mapping_that_is_gone_keeps_its_faults() -> None:
    ticks = timeline().ticks[:]
    rest = replace(ROWS.take(slice(0, 2)))
    assert rest.start.tolist() == [PAGE, 3 * PAGE]
    log = timeline_of(*ticks, tick_of(3, rest.take(slice(0)), [], gone=[2], faults=faults_of()))
    view = derive_view(log, ViewState(metric="faults"))
    assert view.table.metric_amounts is not None
    assert sorted(view.table.metric_amounts.tolist()) == [33, 111, 222]


def test_more_faults_than_can_be_counted_are_not_negative() -> None:
    """A damaged recording may have any numbers."""
    faults = [faults_of(*((0, f"{name} < main", 1 << 62) for name in "fg"), (1, "main", 5)) for _ in range(3)]
    view = derive_view(
        timeline_of(*(tick_of(number, ROWS, [0, 1, 2], faults=each) for number, each in enumerate(faults))),
        ViewState(metric="faults", baseline="start"),
    )
    assert view.table.metric_amounts is not None
    assert (view.table.metric_amounts >= 0).all()
    assert view.table.metric_amounts[1] == 15
