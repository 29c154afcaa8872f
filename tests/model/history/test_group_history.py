"""What groups of mappings had over time, and what happened to them."""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from address_space import readings, space_histories, ticks_of
from factories import mappings_of, tick_of, timeline_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.events import MECHANISMS, Events, Mechanism
from smapstop.model.grouping import GROUPINGS, Grouping, GroupScope
from smapstop.model.history.group_history import GroupHistory
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.kinds import kind_at
from smapstop.model.purpose_groups import PURPOSE_GROUPS, purpose_groups
from smapstop.model.tick import LifecycleEvent, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState

HEAP, A, B = (10, 20, "rw-p", "[heap]"), (30, 40, "rw-p", ""), (50, 60, "rw-p", "")
TEXT, DATA, OTHER = (70, 80, "r-xp", "/lib/c"), (80, 84, "rw-p", "/lib/c"), (90, 99, "r--p", "/lib/d")
ROWS: tuple[tuple[Any, ...], ...] = (HEAP, A, B, TEXT, DATA, OTHER)
"""The mappings 0 to 5."""
Happened = tuple[int, Mechanism, int]


def tick(number: int, rss: dict[int, int], *happened: Happened, sure: bool = True, **other: Any) -> Tick:
    """A tick that tells of these mappings with so much Rss, and of what happened to them (mapping, what, kB)."""
    events = Events(
        mapping=np.array([row[0] for row in happened], np.int64),
        what=np.array([MECHANISMS.index(row[1]) for row in happened], np.int8),
        kb=np.array([row[2] for row in happened], np.int64),
        sure=np.array([sure or at % 2 for at in range(len(happened))], bool),
    )
    rows = mappings_of(*((*ROWS[mapping], kb) for mapping, kb in rss.items()))
    return tick_of(number, rows, list(rss), events=events, **other)


def groups_of(timeline: Timeline, by: Grouping, at: int | None = None) -> dict[str, int]:
    """The ids of the groups at a moment, by name."""
    data = derive_view(timeline, ViewState(at=at, grouping=by)).table
    return {data.texts[name]: group for name, group in zip(data.name.tolist(), data.ids.tolist(), strict=True)}


def series(timeline: Timeline, by: Grouping, name: str, at: int = 0) -> list[float | None]:
    """Rss of a group, that was there at some tick, over all ticks; None where it has no mappings."""
    group = np.array([groups_of(timeline, by, at)[name]])
    ((values,),) = GroupHistory(timeline, GroupScope(by)).series(group, 0, len(timeline)).tolist()
    return [None if value != value else value for value in values]


START = tick(0, {0: 40, 1: 12, 2: 8, 3: 100, 4: 8, 5: 30})


# what they had


def test_a_group_had_what_its_mappings_had_while_they_existed() -> None:
    timeline = timeline_of(START, tick(1, {1: 16}), tick(2, {}, gone=[1]), tick(3, {2: 4, 3: 90}))
    assert series(timeline, "kind", "anonymous") == [20, 24, 8, 4]
    assert series(timeline, "name", "/lib/c") == [108, 108, 108, 98]
    assert series(timeline, "file", "heap") == [40, 40, 40, 40]


def test_a_group_without_mappings_has_nothing_not_zero() -> None:
    timeline = timeline_of(tick(0, {0: 40}), tick(1, {1: 0}), tick(2, {}, gone=[1]), tick(3, {}))
    assert series(timeline, "kind", "anonymous", at=1) == [None, 0, None, None]


def by_hand(timeline: Timeline, by: Grouping, number: int) -> dict[str, int]:
    """What each group has at a tick, one mapping after the other."""
    had: dict[str, int] = defaultdict(int)
    mappings = timeline.at(number).mappings
    groups = purpose_groups(mappings, timeline.purposes_at(number)).tolist()
    for row, rss in enumerate(mappings.amounts[mappings.fields.index("rss")].tolist()):
        if by == "purpose":
            had[PURPOSE_GROUPS[groups[row]].value] += rss
            continue
        name, kind = mappings.name_of(row), kind_at(mappings, row)
        of_name = {"name": bool(name), "file": kind.value == "file"}.get(by, False)
        had[name if of_name else kind.value] += rss
    return had


@given(
    space_histories,
    st.sets(st.integers(1, 7)),
    st.sampled_from(GROUPINGS[1:]),
    st.lists(st.integers(0, 7), max_size=4),
)
def test_sums_are_those_of_the_moments_in_whatever_order_they_are_asked_for(
    life: list[list[Any]], keyframes: set[int], by: Grouping, looked_at: list[int]
) -> None:
    timeline = timeline_of(*ticks_of(readings(life), keyframes))
    last = len(timeline) - 1
    history = GroupHistory(timeline, GroupScope(by))
    for number in [*(min(at, last) for at in looked_at), last]:
        groups = groups_of(timeline, by, number)
        seen = history.series(np.array(list(groups.values()), np.int64), max(0, number - 2), number + 1)
        for name, values in zip(groups, seen[0].tolist(), strict=True):
            expected = [by_hand(timeline, by, at).get(name) for at in range(max(0, number - 2), number + 1)]
            assert [None if value != value else value for value in values] == expected


# when they changed


def moved(timeline: Timeline, by: Grouping, at: int | None = None) -> dict[str, int]:
    shown = derive_view(timeline, ViewState(at=at, grouping=by))
    data, number = shown.table, shown.snapshot.tick.number
    found = GroupHistory(timeline, GroupScope(by)).last_changed(data.ids, data.last_changed, number)
    return {data.texts[name]: when for name, when in zip(data.name.tolist(), found, strict=True)}


def test_a_group_changed_when_one_of_its_mappings_did() -> None:
    timeline = timeline_of(START, tick(1, {1: 16}), tick(2, {2: 12}), tick(3, {0: 44}))
    assert moved(timeline, "kind") == {"anonymous": 2, "heap": 3, "file": -1}
    assert moved(timeline, "kind", at=1) == {"anonymous": 1, "heap": -1, "file": -1}


def test_a_group_changed_when_it_lost_a_mapping_also_long_after_that() -> None:
    timeline = timeline_of(START, tick(1, {1: 16}), tick(2, {}, gone=[2]), *(tick(n, {}) for n in range(3, 13)))
    assert moved(timeline, "kind")["anonymous"] == 2


def test_another_program_is_no_change_of_its_groups() -> None:
    timeline = timeline_of(
        START, tick(1, {0: 40, 1: 12}, keyframe=True, executed=True), *(tick(n, {}) for n in range(2, 9))
    )
    assert moved(timeline, "kind") == {"anonymous": -1, "heap": -1}


# what happened to them


def happened(timeline: Timeline, by: Grouping, name: str, number: int) -> list[tuple[str, int, int, bool]]:
    """What, in how many mappings, how many kB, and whether it is sure."""
    group = groups_of(timeline, by, number)[name]
    (entries,) = GroupHistory(timeline, GroupScope(by)).entries(np.array([group]), [number])
    return [_told(entry) for entry in entries]


def _told(entry: LogEntry) -> tuple[str, int, int, bool]:
    return entry.what, entry.mappings, entry.kb, entry.sure


def test_a_group_reports_the_costliest_first_however_little_it_is() -> None:
    events: list[Happened] = [(1, "sole-owner", 3600), (1, "copy-on-write-after-fork", 40), (2, "sole-owner", 400)]
    timeline = timeline_of(START, tick(1, {1: 12, 2: 8}, *events))
    assert happened(timeline, "kind", "anonymous", 1) == [
        ("copy-on-write-after-fork", 1, 40, True),
        ("sole-owner", 2, 4000, True),
    ]


def test_mechanisms_are_summed_over_the_mappings_of_a_group_the_most_first() -> None:
    events: list[Happened] = [
        (0, "first-touch", 400),
        (1, "first-touch", 4),
        (2, "discard", 8),
        (2, "first-touch", 12),
        (4, "copy-on-write", 4),
    ]
    timeline = timeline_of(START, tick(1, dict.fromkeys(range(5), 80), *events))
    assert happened(timeline, "kind", "anonymous", 1) == [("first-touch", 2, 16, True), ("discard", 1, 8, True)]
    assert happened(timeline, "name", "/lib/c", 1) == [("copy-on-write", 1, 4, True)]
    assert happened(timeline, "name", "/lib/d", 1) == []


def test_a_mechanism_that_is_partly_sure_is_of_one_mapping() -> None:
    events: list[Happened] = [(1, "discard", 4), (1, "discard", 8), (2, "discard", 4)]
    timeline = timeline_of(START, tick(1, {1: 0, 2: 0}, *events, sure=False))
    assert happened(timeline, "kind", "anonymous", 1) == [("discard", 2, 16, False)]


def test_lifecycle_is_reported_of_mappings_that_are_gone_too() -> None:
    steps = (LifecycleEvent("unmap", 1), LifecycleEvent("grow", 2))
    timeline = timeline_of(START, tick(1, {2: 100}, (2, "first-touch", 92), gone=[1], lineage=steps))
    assert happened(timeline, "kind", "anonymous", 1) == [
        ("first-touch", 1, 92, True),
        ("unmap", 1, 40, True),
        ("grow", 1, 0, True),
    ]


@pytest.mark.parametrize("number", [0, -1])
def test_nothing_happened_at_the_start_or_never(number: int) -> None:
    timeline = timeline_of(START)
    group = groups_of(timeline, "kind")["heap"]
    assert GroupHistory(timeline, GroupScope("kind")).entries(np.array([group]), [number]) == [()]
