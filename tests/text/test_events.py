"""Text of what happened to a mapping at a tick: whose doing it was."""

import numpy as np
import pytest
from factories import faults_of, mappings_of, tick_of, timeline_of

from smapstop.model.events import MECHANISMS, Events, Mechanism
from smapstop.text.events import change_text

ROWS = mappings_of((1, 500, "rw-p", "[heap]", 400))


def reported(*faults: tuple[int, str, int], what: tuple[Mechanism, ...] = ("first-touch",), pages: int = 100) -> str:
    codes = np.array([MECHANISMS.index(each) for each in what], np.int8)
    many = len(what)
    events = Events(np.full(many, 7), codes, np.full(many, 4 * pages), np.ones(many, bool), 4)
    first = tick_of(0, ROWS, [7])
    last = tick_of(1, ROWS, [7], keyframe=True, events=events, faults=faults_of(*faults) if faults else None)
    return change_text(timeline_of(first, last), 7, 1)


@pytest.mark.parametrize(
    ("faults", "text"),
    [
        ([(7, "dictExpand < main", 100)], "100 p first touch by dictExpand"),
        ([(7, "f < main", 60), (7, "g < main", 40)], "100 p first touch mostly by f"),
        ([(8, "f < main", 100)], "100 p first touch"),
        ([], "100 p first touch"),
    ],
)
def test_the_verdict_names_the_function_if_the_faults_of_the_mapping_show_it(
    faults: list[tuple[int, str, int]], text: str
) -> None:
    assert reported(*faults) == text


def test_several_events_of_one_function() -> None:
    both: tuple[Mechanism, ...] = ("first-touch", "copy-on-write")
    assert reported((7, "f < main", 200), what=both) == "100 p first touch · 100 p CoW by f"
