"""Alerts of several runs."""

from factories import mappings_of, tick_of
from list_source import target

from smapstop.model.alerts.expression import parse_alert
from smapstop.model.compare.runs import Run, Runs
from smapstop.model.timeline.timeline import Timeline
from smapstop.ui.alert_board import AlertBoard

ALERT = parse_alert("rss>100")


def grow(run: Run, *rss: int) -> None:
    for kb in rss:
        rows = mappings_of((1, 99, "rw-p", "[heap]", kb))
        run.timeline.append(tick_of(len(run.timeline), rows, [7], keyframe=True, totals={"rss": kb}))


def test_each_run_has_its_own_alerts() -> None:
    runs, board = Runs(), AlertBoard([ALERT])
    assert not board.update(runs)
    first = runs.begin(target())
    grow(first, 50, 150)
    assert board.update(runs)
    current = board.current(runs)
    assert current is not None
    assert (current.number, current.mapping) == (1, 7)
    second = runs.begin(target())
    grow(second, 50)
    assert not board.update(runs)
    assert board.current(runs) is None
    assert [[mark.tick for mark in board.marks(run)] for run in (first, second, None)] == [[1], [], []]
    grow(second, 150)
    assert board.update(runs)
    assert [entry.note for entry in board.entries(second)] == [each.line for each in [board.current(runs)] if each]


def test_alerts_of_runs_that_are_dropped_are_dropped_and_another_timeline_has_none() -> None:
    runs, board = Runs(kept=1), AlertBoard([ALERT])
    first = runs.begin(target())
    grow(first, 150)
    board.update(runs)
    member = Run(first.number, target(), Timeline())
    assert board.marks(member) == ()
    grow(runs.begin(target()), 50)
    board.update(runs)
    assert board.marks(first) == ()


def test_hiding_says_whether_there_was_something_to_hide() -> None:
    runs, board = Runs(), AlertBoard([ALERT])
    grow(runs.begin(target()), 150)
    board.update(runs)
    assert board.hide(runs)
    assert not board.hide(runs)
    assert board.current(runs) is None
