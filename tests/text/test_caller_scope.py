"""Which page faults the callers are shown of."""

import numpy as np
import pytest
from factories import faults_of, mappings_of, tick_of, timeline_of

from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.caller_scope import CallerScope, caller_scope

ROWS = mappings_of((1, 2), (3, 4))


def timeline(**totals: int) -> Timeline:
    """Four ticks: 1, 10, 100, 1,000 faults in one mapping, one each in the other."""
    faults = [faults_of((0, "f < main", 10**number), (1, "g < main", 1), **totals) for number in range(4)]
    return timeline_of(*(tick_of(number, ROWS, [0, 1], faults=each) for number, each in enumerate(faults)))


def scope(state: ViewState, mappings: list[int] | None = None, missing: str = "", **totals: int) -> CallerScope:
    log = timeline(**totals)
    ids = None if mappings is None else np.array(mappings, np.int64)
    return caller_scope(log, derive_view(log, state), ids, missing)


@pytest.mark.parametrize(
    ("state", "title"),
    [
        (ViewState(), "1,111 page faults in this mapping since 22:13:20"),
        (ViewState(baseline="start"), "1,110 page faults in this mapping since 22:13:20"),
        (ViewState(baseline="mark", mark=1), "1,100 page faults in this mapping since 22:13:21"),
        (ViewState(at=2), "111 page faults in this mapping from 22:13:20 to 22:13:22"),
        (ViewState(at=2).select_range(0, 2), "110 page faults in this mapping from 22:13:20 to 22:13:22"),
    ],
)
def test_they_are_those_of_the_time_that_is_compared(state: ViewState, title: str) -> None:
    assert scope(state, [0]).title == title


def test_of_several_mappings_and_of_the_process() -> None:
    assert scope(ViewState(), [0, 1]).title == "1,115 page faults in 2 mappings since 22:13:20"
    assert scope(ViewState()).title == "1,115 page faults since 22:13:20"
    assert scope(ViewState(at=0), [1]).title.startswith("1 page fault in this mapping")


def test_what_was_not_seen_is_said_of_the_process() -> None:
    here, whole = scope(ViewState(), [0], in_system_calls=3), scope(ViewState(), None, "2 threads", in_system_calls=3)
    assert [note.startswith("in the whole process: 12 inside system calls") for note in here.notes] == [True]
    assert whole.notes[0].startswith("12 inside system calls")
    assert whole.notes[1] == "2 threads"


@pytest.mark.parametrize(
    ("missing", "said"), [("", "not recorded"), ("not asked for", "--no-callers"), ("paranoid is 3", "paranoid is 3")]
)
def test_without_callers_it_says_why(missing: str, said: str) -> None:
    log = timeline_of(tick_of(0, ROWS, [0, 1]))
    none = caller_scope(log, derive_view(log, ViewState()), None, missing)
    assert none.faults is None
    (note,) = none.notes
    assert said in note
