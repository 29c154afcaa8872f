"""Copies after a fork that the page faults of each mapping disprove."""

import numpy as np
import pytest
from factories import mappings_of

from smapstop.model.callers.call_stacks import CallStacks
from smapstop.model.callers.page_faults import NO_LONGER_MAPPED, PageFaults
from smapstop.model.events import MECHANISMS, NO_EVENTS, Events
from smapstop.proc.columns import Mappings
from smapstop.sampling.fork_copies import ForkCopies

IDS = np.array([7, 8])
MAPPINGS = mappings_of((10, 20), (30, 40))


def copies(*pages: int, touched: int = 0) -> Events:
    """Pages copied after a fork in the first mappings, and ten of the first that were let go."""
    code = MECHANISMS.index
    what = [code("copy-on-write-after-fork")] * len(pages) + [code("sole-owner"), code("first-touch")]
    return Events(
        np.array([*IDS[: len(pages)], IDS[0], IDS[0]]),
        np.array(what, np.int8),
        np.array([*pages, 10, touched]) * 4,
        np.zeros(len(what), bool),
    )


def faults(*rows: tuple[int, int], lost: int = 0, in_system_calls: int = 0) -> PageFaults:
    """Page faults: mapping and number."""
    mapping, count = np.array(rows, np.int64).reshape(-1, 2).T
    total = int(count.sum())
    stack = np.zeros(len(count), np.int32)
    return PageFaults(total, 0, total - lost, lost, in_system_calls, mapping, stack, count, CallStacks())


def told(events: Events) -> list[tuple[int, str, int]]:
    assert not events.sure.any()
    return sorted((event.mapping, event.what, event.pages) for event in events if event.pages)


def settled(events: Events, *ticks: PageFaults, mappings: Mappings = MAPPINGS) -> list[tuple[int, str, int]]:
    """What is told of the mappings, with the page faults of some ticks, of which the last read them."""
    copies = ForkCopies()
    for earlier in ticks[:-1]:
        copies.settle(NO_EVENTS, earlier, None, IDS)
    return told(copies.settle(events, ticks[-1], mappings, IDS[: len(mappings)]))


def test_pages_of_a_mapping_without_page_faults_were_let_go() -> None:
    assert settled(copies(40, 40), faults((8, 30)), faults((8, 8))) == [
        (7, "sole-owner", 50),
        (8, "copy-on-write-after-fork", 40),
    ]


def test_few_page_faults_copied_few_pages() -> None:
    assert settled(copies(400), faults((7, 20), (8, 900))) == [
        (7, "copy-on-write-after-fork", 20),
        (7, "sole-owner", 390),
    ]


def test_pages_with_a_page_fault_each_were_copied() -> None:
    assert settled(copies(0), faults((7, 6)), faults((7, 4))) == [(7, "copy-on-write-after-fork", 10)]


def test_faults_of_pages_that_came_copied_nothing() -> None:
    assert settled(copies(0, touched=10), faults((7, 10))) == [(7, "first-touch", 10), (7, "sole-owner", 10)]


@pytest.mark.parametrize(
    "known",
    [faults((7, 200)), faults((NO_LONGER_MAPPED, 200)), faults((8, 200), lost=200), faults(in_system_calls=200)],
)
def test_faults_that_may_have_been_there_disprove_nothing(known: PageFaults) -> None:
    assert settled(copies(400), known) == told(copies(400))


def test_one_fault_copies_a_huge_page() -> None:
    huge = mappings_of((10, 20, "rw-p", "/dev/hugepages/x", 0, 0, "rd wr mr mw me ht"))
    assert settled(copies(512), faults((7, 1)), mappings=huge) == told(copies(512))
