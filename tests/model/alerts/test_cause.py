"""Which mapping did it."""

from typing import Any

import numpy as np
import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.alerts.cause import AlertCause, MappingsCause, cause_of, mappings_cause_of
from smapstop.model.alerts.expression import parse_alert
from smapstop.model.alerts.states import AlertState
from smapstop.model.events import MECHANISMS, Event, Events, Mechanism
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline

HEAP, LIBRARY, NEW = 1, 2, 3


def tick(number: int, heap: int, library: int, new: int | None = None, *what: tuple[int, Mechanism, int]) -> Tick:
    """A tick with the Rss of three mappings, and what happened."""
    rows: list[Any] = [(1, 500, "rw-p", "[heap]", heap), (600, 700, "rw-p", "/lib/libfoo.so", library)]
    ids = [HEAP, LIBRARY]
    if new is not None:
        rows.append((900, 999, "rw-p", "", new))
        ids.append(NEW)
    mapping, codes, kb = (
        zip(*((each, MECHANISMS.index(name), kb) for each, name, kb in what), strict=True) if what else ((),) * 3
    )
    events = Events(
        np.array(mapping, np.int64), np.array(codes, np.int8), np.array(kb, np.int64), np.ones(len(kb), bool)
    )
    return tick_of(number, mappings_of(*rows), ids, keyframe=True, events=events)


@pytest.fixture
def timeline() -> Timeline:
    """The library grew first, then the heap, then a new mapping; the heap gave something back in between."""
    return timeline_of(
        tick(0, 100, 100),
        tick(1, 100, 400, None, (LIBRARY, "copy-on-write", 80), (LIBRARY, "file-read", 300)),
        tick(2, 300, 400, None, (HEAP, "first-touch", 200)),
        tick(3, 200, 400, None, (HEAP, "discard", 100)),
        tick(4, 380, 400, None, (HEAP, "first-touch", 180)),
        tick(5, 380, 400, 200, (NEW, "first-touch", 200)),
    )


def cause(timeline: Timeline, text: str, **state: int) -> AlertCause | None:
    return cause_of(parse_alert(text), AlertState(**{"raised": 5, "held_since": 5} | state), timeline)


def test_the_biggest_growth_since_the_start_with_what_happened_most(timeline: Timeline) -> None:
    assert cause(timeline, "rss>500") == AlertCause(LIBRARY, 0, 300, 780, Event(LIBRARY, "file-read", 300, 75, True))


def test_growth_since_the_alert_was_cleared(timeline: Timeline) -> None:
    found = cause(timeline, "rss>500", begun=3, raised=4)
    assert found == AlertCause(HEAP, 3, 180, 180, Event(HEAP, "first-touch", 180, 45, True))


def test_what_was_given_back_is_not_what_happened(timeline: Timeline) -> None:
    found = cause(timeline, "rss>500", begun=1, raised=4)
    assert found == AlertCause(HEAP, 1, 280, 280, Event(HEAP, "first-touch", 380, 95, True))


def test_a_rate_is_explained_by_the_time_in_which_it_was_so_high(timeline: Timeline) -> None:
    found = cause(timeline, "rate>50 for 1s", held_since=5)
    assert found is not None
    assert (found.mapping, found.since, found.kb) == (NEW, 2, 200)


def test_only_the_part_that_the_alert_is_about(timeline: Timeline) -> None:
    found = cause(timeline, "kind:heap rss>300")
    assert found is not None
    assert (found.mapping, found.kb, found.total_kb) == (HEAP, 280, 280)


def test_of_an_amount_that_falls_what_shrank_most(timeline: Timeline) -> None:
    assert cause(timeline, "rss<700", begun=2, raised=3) == AlertCause(
        HEAP, 2, -100, -100, Event(HEAP, "discard", 100, 25, True)
    )


def test_nothing_is_blamed_where_nothing_grew_or_is_printed(timeline: Timeline) -> None:
    assert cause(timeline, "rss>1", raised=0, held_since=0) is None
    assert cause(timeline, "pss>1") is None


def test_the_name_of_which_most_mappings_were_added(timeline: Timeline) -> None:
    def named(text: str, begun: int = 0) -> MappingsCause | None:
        return mappings_cause_of(parse_alert(text), AlertState(begun=begun, raised=5), timeline)

    assert named("mappings>2") == MappingsCause("", 1, 1, 0)
    assert named("kind:heap mappings>0") == MappingsCause("[heap]", 1, 0, 0)
    assert named("nowhere mappings<1") is None
