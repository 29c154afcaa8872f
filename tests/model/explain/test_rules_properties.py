"""What must hold for the explanation of every tick, over a small model of how the kernel counts pages.

A page is in a state, which says what fields count it (fs/proc/task_mmu.c, smaps_account): `a` anonymous or `f` of the
file, `p` mapped here only or `s` elsewhere too, `c` clean or `d` dirty; `ksm`, `swap`, or `-` for nowhere.
"""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from address_space import readings, space_histories
from factories import mappings_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.events import Events
from smapstop.model.explain.rules import FaultCounts, explain
from smapstop.model.identity import match_readings, number_first_reading
from smapstop.proc.columns import Mappings

Pages = list[tuple[str, str]]
"""What each page was, and is."""

STATES = ("private_clean", "private_dirty", "shared_clean", "shared_dirty")
FIELDS = ("anonymous", "swap", "ksm", *STATES)
ANONYMOUS = ("apc", "apd", "asc", "asd")
OF_FILE = ("fpc", "fpd", "fsc", "fsd")
CLASSES = {
    "memory": ("rw-p", "", ("-", "swap", "ksm", *ANONYMOUS)),
    "file": ("rw-p", "/lib/x.so", ("-", "swap", *ANONYMOUS, *OF_FILE)),
    "shared-file": ("rw-s", "/data/x", ("-", *OF_FILE)),
    "shared-memory": ("rw-s", "/memfd:x (deleted)", ("-", "swap", *OF_FILE)),
}
"""Permissions, name, and the states that a page may be in."""


class Way(NamedTuple):
    """What a mechanism does to a page, in a mapping of a class, with how many faults; and what it is told as."""

    of: str
    was: str
    now: str
    faults: int
    reported: tuple[str, ...]


WAYS = [
    Way("memory", "-", "apd", 1, ("first-touch",)),
    Way("memory", "apd", "asd", 0, ("shared-by-fork",)),
    Way("memory", "apc", "asc", 0, ("shared-by-fork?",)),
    Way("memory", "asd", "apd", 1, ("copy-on-write-after-fork?",)),
    Way("memory", "asc", "apd", 1, ("copy-on-write-after-fork?",)),
    Way("memory", "asd", "apd", 0, ("sole-owner",)),
    Way("memory", "asc", "apc", 0, ("sole-owner",)),
    Way("memory", "apd", "apc", 0, ("lazy-free",)),
    Way("memory", "apc", "apd", 0, ("rewrite",)),
    Way("memory", "apd", "swap", 0, ("swap-out",)),
    Way("memory", "asd", "swap", 0, ("swap-out",)),
    Way("memory", "swap", "apc", 1, ("swap-in",)),
    Way("memory", "swap", "apd", 1, ("swap-in?",)),
    Way("memory", "swap", "-", 0, ("discard",)),
    Way("memory", "apd", "-", 0, ("discard",)),
    Way("memory", "asd", "-", 0, ("discard",)),
    Way("memory", "apc", "-", 0, ("reclaim?",)),
    Way("memory", "apd", "ksm", 0, ("ksm-merge",)),
    Way("memory", "ksm", "apd", 1, ("ksm-unmerge",)),
    Way("memory", "ksm", "apc", 1, ("ksm-unmerge",)),
    Way("memory", "ksm", "-", 0, ("discard",)),
    Way("memory", "ksm", "swap", 0, ("swap-out",)),
    *(Way("file", "-", now, 1, ("file-read",)) for now in OF_FILE),
    *(Way("file", was, "apd", 1, ("copy-on-write",)) for was in ("-", *OF_FILE)),
    *(Way("file", was, "-", 0, ("reclaim?",)) for was in ("fpc", "fsc")),
    *(Way("file", was, "-", 0, ("discard?",)) for was in ("fpd", "fsd")),
    *(Way("file", was, "-", 0, ("discard",)) for was in ("apd", "asd")),
    *(Way("file", "fpc", "fsc", faults, ()) for faults in (0, 1)),
    *(Way("file", "fsc", "fpc", faults, ()) for faults in (0, 1)),
    *(Way("file", "fpd", "fsd", faults, ()) for faults in (0, 1)),
    *(Way("file", "fsd", "fpd", faults, ()) for faults in (0, 1)),
    Way("file", "fpc", "fpd", 0, ("shared-write",)),
    Way("file", "fpd", "fpc", 0, ("writeback",)),
    Way("file", "apd", "asd", 0, ("shared-by-fork",)),
    Way("file", "asd", "apd", 1, ("copy-on-write-after-fork?",)),
    Way("file", "asd", "apd", 0, ("sole-owner",)),
    Way("file", "apd", "swap", 0, ("swap-out",)),
    *(Way("file", was, "swap", 1, ("copy-on-write", "swap-out")) for was in ("-", "fpc", "fsc", "fpd")),
    Way("file", "swap", "apc", 1, ("swap-in",)),
    Way("file", "swap", "apd", 1, ("swap-in?",)),
    Way("file", "apd", "fpc", 1, ("discard", "file-read")),
    *(Way("shared-file", "-", now, 1, ("file-read",)) for now in ("fpc", "fsc")),
    *(Way("shared-file", "-", now, faults, ("shared-write?",)) for now in ("fpd", "fsd") for faults in (0, 1)),
    *(Way("shared-file", *was_now, 1, ("shared-write",)) for was_now in (("fpc", "fpd"), ("fsc", "fsd"))),
    *(Way("shared-file", *was_now, 0, ("writeback",)) for was_now in (("fpd", "fpc"), ("fsd", "fsc"))),
    *(Way("shared-file", was, "-", 0, ("reclaim?",)) for was in ("fpc", "fsc")),
    *(Way("shared-file", was, "-", 0, ("discard?",)) for was in ("fpd", "fsd")),
    Way("shared-file", "fsc", "fpd", 1, ("shared-write?",)),
    *(Way("shared-file", *was_now, 0, ()) for was_now in (("fpd", "fsd"), ("fsd", "fpd"), ("fpc", "fsc"))),
    *(Way("shared-memory", "-", now, 1, ("first-touch?",)) for now in ("fpc", "fpd")),
    *(Way("shared-memory", "-", now, 1, ("shared-map?",)) for now in ("fsc", "fsd")),
    *(Way("shared-memory", was, "-", 0, ("shared-unmap?",)) for was in OF_FILE),
    Way("shared-memory", "fpd", "swap", 0, ("swap-out",)),
    Way("shared-memory", "swap", "fpd", 1, ("swap-in",)),
    Way("shared-memory", "fpc", "fpd", 0, ("shared-write",)),
    Way("shared-memory", "fpd", "fsd", 0, ()),
]
BYSTANDERS = {
    "memory": ("-", "apd", "asd", "swap"),
    "file": ("-", "fpc", "fsc", "apd"),
    "shared-file": OF_FILE,
    "shared-memory": ("-", "fpd", "swap"),
}
"""Pages to which nothing happens, of which some are in every mapping."""

counts = st.integers(1, 40)
kinds = st.sampled_from(sorted(CLASSES))


@st.composite
def anything(draw: st.DrawFn) -> tuple[str, Pages]:
    """A mapping to whose pages anything happens."""
    of = draw(kinds)
    states = st.sampled_from(CLASSES[of][2])
    runs = draw(st.lists(st.tuples(states, states, counts), max_size=6))
    return of, [(was, now) for was, now, count in runs for _ in range(count)]


@st.composite
def one_thing(draw: st.DrawFn) -> tuple[Way, int, Pages]:
    """A mapping to whose pages one thing happens, with the number of pages."""
    way = draw(st.sampled_from(WAYS))
    count = draw(counts)
    others = draw(st.lists(st.sampled_from(BYSTANDERS[way.of]), max_size=20))
    return way, count, [(way.was, way.now)] * count + [(state, state) for state in others]


def counted(pages: list[str]) -> dict[str, int]:
    """The fields for pages in some states, kB."""
    letters = {"c": "clean", "d": "dirty", "p": "private", "s": "shared"}
    fields = dict.fromkeys(("rss", *FIELDS), 0)
    for state in pages:
        if state in ("-", "swap"):
            fields["swap"] += 4 * (state == "swap")
            continue
        of, where, how = tuple("asd" if state == "ksm" else state)
        fields["rss"] += 4
        fields["anonymous"] += 4 * (of == "a")
        fields["ksm"] += 4 * (state == "ksm")
        fields[f"{letters[where]}_{letters[how]}"] += 4
    return fields


def reading(*mappings: tuple[str, dict[str, int]]) -> Mappings:
    """A map of mappings of a class, with their fields."""
    rows = [
        (1000 * row, 1000 * row + 500, CLASSES[of][0], CLASSES[of][1], fields["rss"])
        for row, (of, fields) in enumerate(mappings)
    ]
    amounts: dict[str, Any] = {name: [fields[name] for _, fields in mappings] for name in FIELDS}
    return mappings_of(*rows, **amounts)


def without(mappings: Mappings, names: tuple[str, ...]) -> Mappings:
    """What a kernel prints that does not know some of the fields."""
    kept = [row for row, name in enumerate(mappings.fields) if name not in names]
    return replace(mappings, fields=tuple(mappings.fields[row] for row in kept), amounts=mappings.amounts[kept])


def tick(mappings: list[tuple[str, Pages]], faults: int, missing: tuple[str, ...] = ()) -> Events:
    """The events of a tick in which this happened to the pages."""
    before = without(reading(*((of, counted([was for was, _ in pages])) for of, pages in mappings)), missing)
    after = without(reading(*((of, counted([now for _, now in pages])) for of, pages in mappings)), missing)
    rows = np.arange(len(mappings))
    return explain(before, rows, after, rows, rows, FaultCounts(faults, 0), 4)


def reported(events: Events, mapping: int) -> dict[str, int]:
    """The pages of a mapping by mechanism, with a question mark where it is not sure."""
    found = {f"{event.what}{'' if event.sure else '?'}": event.pages for event in events.of_mapping(mapping)}
    assert len(found) == len(events.of_mapping(mapping))
    return found


PER_PAGE: dict[str, dict[str, tuple[int, int]]] = {
    "first-touch": {"rss": (1, 1), "anonymous": (0, 1)},
    "file-read": {"rss": (1, 1)},
    "shared-map": {"rss": (1, 1)},
    "shared-unmap": {"rss": (-1, -1)},
    "copy-on-write": {"rss": (0, 1), "anonymous": (1, 1)},
    "shared-write": {"rss": (0, 1)},
    "reclaim": {"rss": (-1, -1), "anonymous": (-1, 0), "ksm": (-1, 0)},
    "discard": {"rss": (-1, 0), "anonymous": (-1, 0), "swap": (-1, 0), "ksm": (-1, 0)},
    "swap-out": {"rss": (-1, 0), "anonymous": (-1, 0), "swap": (1, 1), "ksm": (-1, 0)},
    "swap-in": {"rss": (0, 1), "anonymous": (0, 1), "swap": (-1, -1)},
    "ksm-merge": {"ksm": (1, 1)},
    "ksm-unmerge": {"ksm": (-1, -1)},
}
"""By how much a mechanism may move a field, at least and at most, for each page; others do not move these fields."""


@given(st.lists(anything(), max_size=5), st.integers(0, 200))
def test_whatever_happens_is_explained_and_adds_up(mappings: list[tuple[str, Pages]], others: int) -> None:
    came = sum(was in ("-", "swap") and now not in ("-", "swap") for _, pages in mappings for was, now in pages)
    events = tick(mappings, came + others)

    assert (events.kb > 0).all()
    for mapping, (_, pages) in enumerate(mappings):
        was, now = counted([was for was, _ in pages]), counted([now for _, now in pages])
        found = events.of_mapping(mapping)
        for field in ("rss", "anonymous", "swap", "ksm"):
            bounds = [PER_PAGE.get(event.what, {}).get(field, (0, 0)) for event in found]
            least = sum(event.kb * low for event, (low, _) in zip(found, bounds, strict=True))
            most = sum(event.kb * high for event, (_, high) in zip(found, bounds, strict=True))
            assert least <= now[field] - was[field] <= most, (field, found)
        assert "unexplained" not in [event.what for event in found]
        if was == now:
            assert found == []


@given(one_thing())
def test_one_thing_is_reported_exactly(happened: tuple[Way, int, Pages]) -> None:
    way, count, pages = happened

    assert reported(tick([(way.of, pages)], way.faults * count), 0) == dict.fromkeys(way.reported, count)


def test_a_clean_copy_was_written_surely_if_no_page_of_the_file_can_have_been() -> None:
    written: Pages = [("apc", "apd")]

    assert reported(tick([("file", written)], 0), 0) == {"rewrite": 1}
    assert reported(tick([("file", [*written, ("fpc", "fpc")])], 0), 0) == {"rewrite?": 1}


@given(st.lists(one_thing(), min_size=2, max_size=6))
def test_one_event_in_each_of_several_mappings_is_reported_for_each(happened: list[tuple[Way, int, Pages]]) -> None:
    once = {way.reported: (way, count, pages) for way, count, pages in happened if way.of != "shared-file"}
    unshared = {("sole-owner",), ("copy-on-write-after-fork?",)}
    if unshared <= once.keys():
        del once["sole-owner",]  # which of the mappings the faults were in cannot be known
    faults = sum(way.faults * count for way, count, _ in once.values())
    events = tick([(way.of, pages) for way, _, pages in once.values()], faults)

    for mapping, (way, count, _) in enumerate(once.values()):
        found = Counter[str]()
        for what, pages in reported(events, mapping).items():
            found[what.rstrip("?")] += pages
        if way.reported not in unshared:
            assert found == {what.rstrip("?"): count for what in way.reported}
        assert sum(found.values()) == count * len(way.reported)


@given(st.lists(anything(), max_size=4), st.integers(0, 50), st.sets(st.sampled_from(FIELDS)))
def test_kernels_that_print_less_are_explained_as_far_as_they_go(
    mappings: list[tuple[str, Pages]], faults: int, missing: set[str]
) -> None:
    events = tick(mappings, faults, tuple(missing))

    assert "unexplained" not in [
        event.what for mapping in range(len(mappings)) for event in events.of_mapping(mapping)
    ]


@given(st.lists(anything(), max_size=4))
def test_kernel_that_prints_only_pss_has_nothing_to_explain(mappings: list[tuple[str, Pages]]) -> None:
    assert len(tick(mappings, 100, ("size", "rss", *FIELDS))) == 0


@given(space_histories)
def test_mappings_may_come_go_and_change_in_any_way(life: list[Any]) -> None:
    for previous, current in pairwise(readings(life)):
        found = match_readings(previous, number_first_reading(previous).ids, current, len(previous))
        before_rows = np.concatenate([found.previous_rows, found.gone])
        after_rows = np.concatenate([np.arange(len(current)), np.full(len(found.gone), -1)])
        ids = np.concatenate([found.ids, found.gone])
        events = explain(previous, before_rows, current, after_rows, ids, FaultCounts(5, 0), 4)

        assert set(events.mapping.tolist()) <= set(ids.tolist())
        assert (events.kb > 0).all()


amounts = st.lists(st.integers(0, 50).map(lambda pages: 4 * pages), min_size=8, max_size=8)


@given(kinds, amounts, amounts, st.integers(0, 100))
def test_fields_that_no_kernel_prints_do_no_harm(of: str, was: list[int], now: list[int], faults: int) -> None:
    before, after = (reading((of, dict(zip(("rss", *FIELDS), kb, strict=True)))) for kb in (was, now))
    row = np.zeros(1, np.intp)
    events = explain(before, row, after, row, row, FaultCounts(faults, 0), 4)

    assert (events.kb > 0).all()
    odd = sum(now[4:]) - sum(was[4:]) != now[0] - was[0]  # Rss is the sum of the four states
    assert not odd or "unexplained" in [event.what for event in events.of_mapping(0)]
