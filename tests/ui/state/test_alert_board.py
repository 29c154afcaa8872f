"""Alerts of several runs."""

from dataclasses import replace

from factories import mappings_of, tick_of
from list_source import target
from model.family.readings import SECOND_NS, reading_of

from smapstop.model.alerts.expression import parse_alert
from smapstop.model.compare.runs import Run, Runs
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.tick import ExitStatus
from smapstop.model.timeline.timeline import Timeline
from smapstop.ui.state.alert_board import AlertBoard

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
    shown = board.current(runs)
    assert shown is not None
    assert [entry.note for entry in board.entries(second)] == [shown.line("auto")]


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


def test_after_the_end_the_family_goes_on_and_an_alert_has_its_own_time() -> None:
    runs, board, log = Runs(), AlertBoard([parse_alert("family pss>100")]), FamilyLog()
    run = runs.begin(target())
    grow(run, 50)
    log.append(reading_of(1, {20: {"pss": 90}}, new=(20,)))
    assert not board.append_reading(runs, log), "the next tick examines it"
    last = run.timeline.header(0)
    run.timeline.append(replace(last, number=1, keyframe=False, monotonic_ns=1, ending=ExitStatus(0)))
    log.append(reading_of(7, {20: {"pss": 150}}))
    assert board.append_reading(runs, log)
    assert board.update(runs, log)
    current = board.current(runs)
    assert current is not None
    assert (current.number, current.wall_ns) == (1, 1_700_000_007 * SECOND_NS)
    assert [entry.first for entry in board.entries(run)] == [1], "the last tick there is"
    log.append(reading_of(8, {20: {"pss": 20}}))
    board.append_reading(runs, log)
    assert not board.update(runs, log)
    assert board.current(runs) is None, "it is cleared"


def test_an_alert_is_said_in_the_unit_of_the_moment() -> None:
    runs, board = Runs(), AlertBoard([ALERT])
    run = runs.begin(target())
    grow(run, 50, 160)
    board.update(runs, page_kb=16)
    notes = [board.entries(run, units)[0].note for units in ("auto", "pages", "bytes", "share")]
    assert [note.partition(": ")[2].partition(";")[0] for note in notes] == [
        *("Rss 160 K", "Rss 10 p", "Rss 163,840 B", "Rss 160 K"),
    ]
    assert "+6.9 p" in notes[1]
