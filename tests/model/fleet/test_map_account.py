"""The account of a process: groups of its mappings, and pages by mechanism, from its ticks."""

import numpy as np
import pytest
from factories import mappings_of, tick_of

from smapstop.model.events import MECHANISMS, Events, Mechanism
from smapstop.model.fleet.map_account import MapAccount
from smapstop.model.grouping import Grouping
from smapstop.model.tick import ExitStatus, ThreadStack
from smapstop.proc.limits import Limits

ROWS = (
    (1, 3, "r-xp", "/usr/lib/libc.so.6", 8),
    (3, 4, "rw-p", "/usr/lib/libc.so.6", 4),
    (10, 20, "rw-p", "[heap]", 40),
    (30, 40, "rw-p", "", 20),
    (50, 60, "rw-p", "", 12),
)


def events_of(*rows: tuple[Mechanism, int, bool]) -> Events:
    """Events of mapping 0: mechanism, kB, and whether it is sure."""
    what, kb, sure = zip(*rows, strict=True)
    codes = np.array([MECHANISMS.index(each) for each in what], np.int8)
    return Events(np.zeros(len(rows), np.int64), codes, np.array(kb, np.int64), np.array(sure))


def rss_by(by: Grouping, stacks: tuple[ThreadStack, ...] = ()) -> dict[str, int]:
    account = MapAccount(by)
    account.append(tick_of(0, mappings_of(*ROWS, private_dirty=[0, 4, 40, 20, 12]), [0, 1, 2, 3, 4], stacks=stacks))
    assert account.figures is not None
    assert account.figures.mappings == 5
    return {name: amounts["rss"] for name, amounts in account.figures.groups.items()}


def test_mappings_are_grouped_as_asked() -> None:
    assert rss_by("kind") == {"file": 12, "heap": 40, "anonymous": 32}
    assert rss_by("name") == {"/usr/lib/libc.so.6": 12, "[heap]": 40, "anonymous": 32}
    assert rss_by("file") == {"/usr/lib/libc.so.6": 12, "heap": 40, "anonymous": 32}
    by_purpose = rss_by("purpose")
    assert (by_purpose["main heap"], by_purpose["code"], sum(by_purpose.values())) == (40, 8, 84)


def test_the_stack_of_a_thread_is_one_by_purpose() -> None:
    assert "stacks" not in rss_by("purpose")
    assert rss_by("purpose", (ThreadStack(4, 7, "worker"),))["stacks"] == 12


def test_a_group_has_what_only_the_process_has() -> None:
    account = MapAccount("kind")
    account.append(tick_of(0, mappings_of(*ROWS, private_dirty=[0, 4, 40, 20, 12]), [0, 1, 2, 3, 4]))
    assert account.figures is not None
    assert account.figures.groups["anonymous"]["uss"] == 32
    assert account.figures.groups["file"]["uss"] == 4
    assert "swap" not in account.figures.groups["heap"], "what this kernel does not print is not 0"


def test_pages_are_counted_by_mechanism_from_the_start() -> None:
    account, rows = MapAccount("kind"), mappings_of(*ROWS[:1])
    account.append(tick_of(0, rows, [0]))
    assert account.figures is not None
    assert set(account.figures.pages.values()) == {0}
    moves = {(what, sure) for what in MECHANISMS for sure in (True, False)}
    assert account.figures.pages.keys() == moves
    account.append(tick_of(1, rows, [0], events=events_of(("first-touch", 40, True), ("first-touch", 8, False))))
    account.append(tick_of(2, rows, [0], events=events_of(("first-touch", 4, True), ("discard", 12, True))))
    counted = {move: pages for move, pages in account.figures.pages.items() if pages}
    assert counted == {("first-touch", True): 11, ("first-touch", False): 2, ("discard", True): 3}


def test_a_tick_without_mappings_leaves_the_figures_as_old_as_they_are() -> None:
    account = MapAccount("kind")
    account.append(tick_of(0, mappings_of(*ROWS), [0, 1, 2, 3, 4], limits=Limits(65_530)))
    before = account.figures
    assert before is not None
    assert before.limits.max_map_count == 65_530
    none = mappings_of()
    account.append(tick_of(1, none, [], tier="rollup"))
    account.append(tick_of(2, none, [], missing="not permitted"))
    account.append(tick_of(3, none, [], ending=ExitStatus(0)))
    assert account.figures is before
    account.append(tick_of(4, none, [], gone=[0, 1]))
    assert (account.figures.read_ns, account.figures.mappings) == (4_000_000_000, 3)


@pytest.mark.parametrize("by", ["kind", "purpose", "file", "name"])
def test_a_process_that_is_sampled_again_counts_on(by: Grouping) -> None:
    account, rows = MapAccount(by), mappings_of(*ROWS[:1])
    for _ in range(2):
        account.append(tick_of(0, rows, [0]))
        account.append(tick_of(1, rows, [0], events=events_of(("unmapped", 8, True))))
    assert account.figures is not None
    assert account.figures.pages[("unmapped", True)] == 4


def test_long_names_that_are_shortened_to_the_same_are_one_group() -> None:
    account = MapAccount("name")
    paths = [f"/a{'x' * 200}{middle}{'y' * 200}" for middle in "12"]
    account.append(tick_of(0, mappings_of((1, 2, "r--p", paths[0], 4), (2, 3, "r--p", paths[1], 8)), [0, 1]))
    assert account.figures is not None
    assert [amounts["rss"] for amounts in account.figures.groups.values()] == [12]
