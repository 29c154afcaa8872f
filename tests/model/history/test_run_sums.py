"""Sums over a run."""

import numpy as np
from factories import mappings_of, tick_of

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.history.run_sums import RunSums
from smapstop.model.tick import Tick


def tick(number: int, rss: dict[int, int], events: list[tuple[int, str, int, bool]], **other: object) -> Tick:
    """A tick: Rss by mapping, and what happened: mapping, mechanism, kB, sure."""
    rows = mappings_of(*((9 * each, 9 * each + 5, "rw-p", "", kb) for each, kb in rss.items()))
    columns = [list(column) for column in zip(*events, strict=True)] or [[], [], [], []]
    what = [MECHANISMS.index(name) for name in columns[1]]
    made = Events(
        np.array(columns[0], np.int64),
        np.array(what, np.int8),
        np.array(columns[2], np.int64),
        np.array(columns[3], np.bool_),
    )
    return tick_of(number, rows, list(rss), events=made, **other)


def test_amounts_add_up_by_mapping_and_mechanism_and_a_doubt_stays() -> None:
    sums = RunSums()
    sums.add(tick(0, {1: 8, 2: 4}, []))
    sums.add(tick(1, {1: 20}, [(1, "first-touch", 8, True), (1, "copy-on-write", 4, True)]))
    sums.add(tick(2, {1: 12, 5000: 40}, [(1, "first-touch", 12, False), (2, "discard", 4, True)]))

    events = sums.events_of([1, 2, 5000])
    assert [(event.what, event.kb, event.pages, event.sure) for event in events[1]] == [
        ("first-touch", 20, 5, False),
        ("copy-on-write", 4, 1, True),
    ]
    assert [event.what for event in events[2]] == ["discard"]
    assert events[5000] == []
    assert sums.peaks_kb(np.array([1, 2, 3, 5000, 99_999])).tolist() == [20, 4, -1, 40, -1]
    assert sums.largest(2).tolist() == [5000, 1]


def test_the_last_exec_is_known() -> None:
    sums = RunSums()
    assert sums.events_of([7]) == {7: []}
    for number in range(4):
        sums.add(tick(number, {number: 4}, [], executed=number in (1, 2)))
    assert sums.last_exec == 2
