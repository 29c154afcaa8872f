"""Everything that happened in a tick, in columns and one by one."""

from dataclasses import replace

import numpy as np
from factories import mappings_of, tick_of

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.history.log_entry import PROCESS_SCOPE, LogEntry, MappingRef
from smapstop.model.history.tick_entries import NO_MAPPING, single_entries, tick_entries
from smapstop.model.kinds import Kind
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.model.timeline.map_snapshot import apply_tick
from smapstop.proc.columns import StringTable

COW, TOUCH = MECHANISMS.index("copy-on-write"), MECHANISMS.index("first-touch")


def ticks() -> tuple[Tick, Tick]:
    """A file's page is copied, the heap grows and is touched, and a mapping goes into it."""
    texts = StringTable()
    first = tick_of(
        0, mappings_of((0, 4, "rw-p", "[heap]"), (4, 6, "rw-p", ""), (9, 11, "rw-p", "/f"), texts=texts), [0, 1, 2]
    )
    events = Events(
        *(np.array([0, 2, 0]), np.array([TOUCH, COW, COW], np.int8), np.array([4, 8, 16])),
        np.array([True, True, False]),
        names=((1, ("page1", "page1")),),
    )
    second = tick_of(
        1,
        mappings_of((0, 6, "rw-p", "[heap]"), texts=texts),
        [0],
        gone=[1],
        lineage=(LifecycleEvent("merge", 1, 0), LifecycleEvent("grow", 0)),
        events=events,
        torn=True,
    )
    return first, second


def test_mechanisms_come_first_then_steps_of_mappings_then_notes_on_the_process() -> None:
    _, tick = ticks()
    entries = tick_entries(replace(tick, executed=True, missing="why", ending=ExitStatus(0)))

    assert [entry.what for entry in entries] == [
        *("first-touch", "copy-on-write", "copy-on-write", "merge", "grow"),
        *("missing", "torn", "exec", "end"),
    ]
    assert entries.mapping.tolist() == [0, 2, 0, 1, 0] + 4 * [NO_MAPPING]
    assert entries.other.tolist() == [NO_MAPPING] * 3 + [0] + [NO_MAPPING] * 5
    assert [entry.mapping for entry in entries.of_mappings()] == [0, 2, 0, 1, 0]
    assert list(entries.of_process())[-1] == LogEntry("end", PROCESS_SCOPE, None, 1, 1)


def test_nothing_happened_in_a_quiet_tick() -> None:
    first, _ = ticks()
    assert list(tick_entries(first)) == []


def test_of_one_mapping_the_biggest_mechanism_is_first_and_its_steps_are_last() -> None:
    _, tick = ticks()
    entries = tick_entries(tick)

    found = [(entry.what, entry.kb, entry.pages, entry.sure) for entry in entries.of_mapping(0)]
    assert found == [("copy-on-write", 16, 4, False), ("first-touch", 4, 1, True), ("grow", 0, 0, True)]
    (copied,) = entries.of_mapping(2)
    assert copied.event is not None
    assert copied.event.names == ("page1", "page1")


def test_single_entries_know_what_the_mappings_were_and_are() -> None:
    first, tick = ticks()
    before = apply_tick(None, first)
    *_, merge, grow, torn = single_entries(tick_entries(tick), before, apply_tick(before, tick))

    heap, grown = (
        MappingRef("[heap]", "rw-p", 0, 4 * 4096, Kind.HEAP),
        MappingRef("[heap]", "rw-p", 0, 6 * 4096, Kind.HEAP),
    )
    gone = MappingRef("", "rw-p", 4 * 4096, 6 * 4096, Kind.ANONYMOUS)
    assert (merge.was, merge.now, merge.kind, merge.kb, merge.other) == (gone, None, Kind.ANONYMOUS, 8, 0)
    assert (grow.was, grow.now, grow.kind, grow.kb, grow.other) == (heap, grown, Kind.HEAP, 8, None)
    assert (torn.what, torn.ref, torn.kind) == ("torn", None, None)
    assert [entry.was for entry in single_entries(tick_entries(tick), None, apply_tick(before, tick))] == [None] * 6
