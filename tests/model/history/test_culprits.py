"""Whose doing events were: said only where the faults of that mapping in that tick account for the pages."""

from typing import Any

import pytest
from factories import faults_of

from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import Event, Mechanism
from smapstop.model.history.culprits import culprit_of


def event(what: Mechanism, pages: int) -> Event:
    return Event(1, what, 4 * pages, pages, sure=True)


def judged(faults: PageFaults, *events: Event) -> tuple[Any, ...] | None:
    """Name of the culprit, whether it is alone, and sure."""
    culprit = culprit_of(faults, 1, events)
    return None if culprit is None else (culprit.frame.name, culprit.is_alone, culprit.sure)


@pytest.mark.parametrize(
    ("rows", "totals", "what", "pages", "reported"),
    [
        ([(1, "f < main", 574)], {}, "first-touch", 574, ("f", True, True)),
        ([(1, "f < main", 60), (1, "g < main", 40)], {}, "first-touch", 100, ("f", False, True)),
        ([(1, "f < main", 40), (1, "g < main", 30), (1, "h < main", 30)], {}, "first-touch", 100, None),
        # pages that no fault brought: populated, or read(2) into
        ([(1, "f < main", 4)], {}, "first-touch", 1_000, None),
        ([(2, "f < main", 574)], {}, "first-touch", 574, None),
        # what is counted covers the pages, so that hidden faults were elsewhere
        ([(1, "f < main", 100)], {"in_system_calls": 500}, "first-touch", 100, ("f", True, True)),
        ([(1, "f < main", 100)], {"in_system_calls": 500}, "first-touch", 110, None),
        # smaps is read a little later
        ([(1, "f < main", 100)], {}, "first-touch", 110, ("f", True, True)),
        ([(1, "f < main", 100)], {"lost": 3}, "first-touch", 100, ("f", True, False)),
        # a fault brings up to 16 pages of a file: then hidden ones could, too
        ([(1, "f < main", 10)], {}, "file-read", 150, ("f", True, True)),
        ([(1, "f < main", 10)], {"in_system_calls": 1}, "file-read", 150, ("f", True, False)),
        # no page fault at all
        ([(1, "f < main", 10)], {}, "reclaim", 10, None),
        ([(1, "f < main", 10)], {}, "shared-by-fork", 10, None),
    ],
)
def test_it_is_named_where_it_is_proven(
    rows: list[tuple[int, str, int]],
    totals: dict[str, int],
    what: Mechanism,
    pages: int,
    reported: tuple[Any, ...] | None,
) -> None:
    assert judged(faults_of(*rows, **totals), event(what, pages)) == reported


def test_of_several_events_it_is_named_only_if_it_made_all_faults() -> None:
    both = event("first-touch", 90), event("copy-on-write", 10)
    assert judged(faults_of((1, "f < main", 100)), *both) == ("f", True, True)
    assert judged(faults_of((1, "f < main", 90), (1, "g < main", 10)), *both) is None
    assert judged(faults_of((1, "f < main", 100)), *both, event("swap-out", 3)) is None


def test_nobody_is_named_without_callers() -> None:
    assert culprit_of(None, 1, [event("first-touch", 1)]) is None
