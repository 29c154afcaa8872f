"""What happened, in few entries; ticks are written here."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.events import MECHANISMS, Event, Events, Mechanism
from smapstop.model.history import event_log
from smapstop.model.history.amount_runs import RUN_TICKS
from smapstop.model.history.event_log import MAX_NEW_ENTRIES, EventLog
from smapstop.model.history.log_entry import NAMES_TICKS, LogEntry, MappingRef
from smapstop.model.kinds import Kind
from smapstop.model.tick import ExitStatus, LifecycleEvent, LifecycleKind, Tick
from smapstop.model.timeline.timeline import Timeline

Happened = tuple[int, Mechanism, int] | tuple[int, Mechanism, int, bool]
"""Mapping, mechanism, kB, and whether that is sure."""

HEAP = (0, 33, "rw-p", "[heap]")
LIBC = (100, 110, "r--p", "/usr/lib/libc.so.6")
DATA = (110, 112, "rw-p", "/usr/lib/libc.so.6")
NAMELESS = (200, 210, "rw-p", "")
MAP = (HEAP, LIBC, DATA, NAMELESS)
"""The mappings 0, 1, 2 and 3."""


def events_of(*happened: Happened) -> Events:
    rows = [(*row, True)[:4] for row in happened]
    return Events(
        mapping=np.array([row[0] for row in rows], np.int64),
        what=np.array([MECHANISMS.index(row[1]) for row in rows], np.int8),
        kb=np.array([row[2] for row in rows], np.int64),
        sure=np.array([row[3] for row in rows], bool),
    )


def tick(
    number: int, *happened: Happened, rows: Sequence[tuple[Any, ...]] = MAP, ids: Sequence[int] = (), **other: Any
) -> Tick:
    """A tick with all mappings, in which this happened."""
    ids = list(ids or range(len(rows)))
    return tick_of(number, mappings_of(*rows), ids, keyframe=True, events=events_of(*happened), **other)


def lived(*steps: tuple[LifecycleKind, int]) -> tuple[LifecycleEvent, ...]:
    return tuple(LifecycleEvent(what, mapping) for what, mapping in steps)


def chronicle_of(*ticks: Tick) -> tuple[LogEntry, ...]:
    """Everything that happened in ticks that follow a quiet one."""
    timeline = timeline_of(tick(0), *ticks)
    return EventLog(timeline).at(len(timeline) - 1)


def reported(entries: Sequence[LogEntry]) -> list[tuple[str, int | None, int, int]]:
    """What, of which mapping, kB and how often."""
    return [(entry.what, entry.mapping, entry.kb, entry.count) for entry in entries]


def nameless(count: int, first_page: int = 1000) -> list[tuple[Any, ...]]:
    """Mappings without a name, a page longer each."""
    return [(first_page + 100 * i, first_page + 100 * i + i + 1, "rw-p", "") for i in range(count)]


# one tick


def test_at_first_nothing_has_happened() -> None:
    assert EventLog(timeline_of(tick(0))).at(0) == ()


def test_of_some_mappings_only_theirs_is_logged() -> None:
    timeline = timeline_of(tick(0), tick(1, (1, "first-touch", 8), (2, "first-touch", 4)), tick(2, (2, "discard", 4)))
    log = EventLog(timeline, only=np.array([2]))
    assert {(entry.what, entry.mapping) for entry in log.at(2)} == {("first-touch", 2), ("discard", 2)}
    assert log.is_of(timeline, None, np.array([2]))
    assert not any(log.is_of(timeline, *other) for other in ((2, np.array([2])), (None, None), (None, np.array([1]))))


def test_a_mechanism_is_reported_of_its_mapping() -> None:
    expected = LogEntry(
        what="copy-on-write",
        scope=2,
        mapping=2,
        first=1,
        last=1,
        now=MappingRef("/usr/lib/libc.so.6", "rw-p", 110 * 4096, 112 * 4096, Kind.FILE),
        was=MappingRef("/usr/lib/libc.so.6", "rw-p", 110 * 4096, 112 * 4096, Kind.FILE),
        kind=Kind.FILE,
        mappings=1,
        count=1,
        kb=8,
        pages=2,
        sure=False,
    )
    assert chronicle_of(tick(1, (2, "copy-on-write", 8, False))) == (expected,)


def test_the_most_of_a_tick_comes_last() -> None:
    entries = chronicle_of(tick(1, (2, "copy-on-write", 4), (0, "first-touch", 400), (3, "first-touch", 40)))
    assert [entry.mapping for entry in entries] == [2, 3, 0]


@pytest.mark.parametrize(
    ("step", "rows", "ids", "kb"),
    [
        (("grow", 0), ((0, 66, "rw-p", "[heap]"), LIBC), (0, 1), 132),
        (("shrink", 0), ((0, 13, "rw-p", "[heap]"), LIBC), (0, 1), 80),
        (("map", 7), (*MAP, (300, 305, "rw-p", "/new")), (0, 1, 2, 3, 7), 20),
        (("unmap", 3), (HEAP, LIBC, DATA), (0, 1, 2), 40),
        (("merge", 2), (HEAP, (100, 112, "r--p", LIBC[3]), NAMELESS), (0, 1, 3), 8),
    ],
)
def test_the_life_of_a_mapping_is_reported_with_its_size(
    step: tuple[LifecycleKind, int], rows: Sequence[tuple[Any, ...]], ids: Sequence[int], kb: int
) -> None:
    (entry,) = chronicle_of(tick(1, rows=rows, ids=ids, lineage=lived(step)))
    assert (entry.what, entry.mapping, entry.kb, entry.pages) == (*step, kb, 0)


def test_what_was_replaced_is_reported_with_what_replaced_it() -> None:
    rows = (HEAP, LIBC, (110, 112, "r--p", DATA[3]), NAMELESS)
    (entry,) = chronicle_of(tick(1, rows=rows, lineage=lived(("protect", 2))))
    assert entry.was is not None
    assert entry.now is not None
    assert (entry.was.perms, entry.now.perms) == ("rw-p", "r--p")


def test_a_mapping_that_is_gone_is_known_by_what_it_was() -> None:
    (entry,) = chronicle_of(tick(1, rows=(HEAP, LIBC, DATA), lineage=lived(("unmap", 3))))
    assert entry.now is None
    assert entry.ref == MappingRef("", "rw-p", 200 * 4096, 210 * 4096, Kind.ANONYMOUS)


def test_the_parts_of_a_file_are_mapped_in_one_entry() -> None:
    file = [(300 + 10 * i, 305 + 10 * i, "r--p", "/new") for i in range(4)]
    (entry,) = chronicle_of(
        tick(1, rows=(*MAP, *file), lineage=lived(*(("map", mapping) for mapping in (4, 5, 6, 7))))
    )
    assert (entry.what, entry.mappings, entry.kb) == ("map", 4, 80)
    assert entry.ref is not None
    assert entry.ref.name == "/new"


def test_nameless_mappings_that_come_with_their_first_pages_are_two_entries() -> None:
    rows = (*MAP, *nameless(15))
    born = range(4, 19)
    entries = chronicle_of(
        tick(
            1,
            *((mapping, "first-touch", 4) for mapping in born),
            rows=rows,
            lineage=lived(*(("map", mapping) for mapping in born)),
        )
    )
    assert reported(entries) == [("map", 18, 480, 1), ("first-touch", 18, 60, 1)]
    assert [entry.mappings for entry in entries] == [15, 15]


def test_too_many_new_entries_are_reported_by_kind_but_what_is_alone_keeps_its_name() -> None:
    rows = (*MAP, *nameless(MAX_NEW_ENTRIES))
    many: list[Happened] = [(mapping, "first-touch", 4 * mapping) for mapping in range(4, 4 + MAX_NEW_ENTRIES)]
    entries = chronicle_of(tick(1, *many, (2, "copy-on-write", 4), rows=rows))
    assert [(entry.what, entry.mapping, entry.is_of_kind) for entry in entries] == [
        ("copy-on-write", 2, False),
        ("first-touch", 23, True),
    ]
    assert (entries[1].kind, entries[1].mappings, entries[1].kb) == (
        Kind.ANONYMOUS,
        MAX_NEW_ENTRIES,
        4 * sum(range(4, 24)),
    )


def test_as_many_new_entries_as_can_be_read_are_reported_one_by_one() -> None:
    many: list[Happened] = [(mapping, "first-touch", 4 * mapping) for mapping in range(4, 4 + MAX_NEW_ENTRIES)]
    assert len(chronicle_of(tick(1, *many, rows=(*MAP, *nameless(MAX_NEW_ENTRIES))))) == MAX_NEW_ENTRIES


def test_a_flood_in_many_ticks_is_reported_by_kind_as_well() -> None:
    rows = (*MAP, *nameless(90))
    ticks = [
        tick(n, *((mapping, "first-touch", 4) for mapping in range(10 * n, 10 * n + 10)), rows=rows)
        for n in range(1, 9)
    ]
    entries = chronicle_of(*ticks)
    assert len(entries) == MAX_NEW_ENTRIES + 1
    assert [(entry.is_of_kind, entry.kb, entry.count) for entry in entries if entry.is_of_kind] == [(True, 240, 6)]


# of the process


def test_a_new_program_the_end_and_bad_readings_are_reported() -> None:
    entries = chronicle_of(tick(1, torn=True), tick(2, executed=True), tick(3, missing="denied"))
    assert [entry.what for entry in entries] == ["torn", "exec", "missing"]
    assert [entry.mapping for entry in entries] == [None, None, None]
    assert [entry.what for entry in chronicle_of(tick(1, ending=ExitStatus(status=3)))] == ["end"]


def test_nothing_of_one_program_goes_on_in_the_next() -> None:
    entries = chronicle_of(tick(1, (0, "first-touch", 4)), tick(2, (0, "first-touch", 4), executed=True))
    assert [entry.what for entry in entries] == ["first-touch", "first-touch", "exec"]


# from tick to tick


def test_what_happens_again_is_one_entry_that_adds_up() -> None:
    (entry,) = chronicle_of(*(tick(n, (0, "first-touch", 4 * n, n != 2)) for n in range(1, 13)))
    assert (entry.kb, entry.pages, entry.count, entry.first, entry.last) == (312, 78, 12, 1, 12)
    assert not entry.sure


def test_what_goes_on_has_the_names_of_its_last_ticks() -> None:
    def copied(number: int, *names: str) -> Tick:
        one = tick(number, (1, "copy-on-write", 4))
        return replace(one, events=one.events.with_names({1: names}))

    ticks = [copied(1, "old"), *(copied(n, "page1") for n in range(2, 2 + NAMES_TICKS)), copied(62, "page2", "page1")]
    (entry,) = chronicle_of(*ticks)
    assert entry.event is not None
    assert (entry.count, set(entry.event.names)) == (62, {"page1", "page2"})


def test_of_several_mappings_no_names_are_reported() -> None:
    ticks = [
        replace(one, events=one.events.with_names({mapping: ("page1",)}))
        for number, mapping in ((1, 4), (2, 5))
        for one in [
            tick(
                number,
                (mapping, "copy-on-write", 4),
                rows=[*MAP, *nameless(number)],
                ids=range(4 + number),
                lineage=lived(("map", mapping)),
            )
        ]
    ]
    _, first = chronicle_of(ticks[0])
    assert first.event == Event(4, "copy-on-write", 4, 1, True, ("page1",))
    _, both = chronicle_of(*ticks)
    assert (both.mappings, both.event and both.event.names) == (2, ())


@pytest.mark.parametrize(("pause", "expected"), [(RUN_TICKS, [2]), (RUN_TICKS + 1, [1, 1])])
def test_a_pause_ends_an_entry(pause: int, expected: list[int]) -> None:
    quiet = [tick(n) for n in range(2, 1 + pause)]
    entries = chronicle_of(tick(1, (0, "first-touch", 4)), *quiet, tick(1 + pause, (0, "first-touch", 4)))
    assert [entry.count for entry in entries] == expected


def test_nameless_mappings_that_come_and_go_stay_two_entries() -> None:
    ticks = []
    for n in range(1, 6):
        steps: list[tuple[LifecycleKind, int]] = [("map", 3 + n)]
        if n > 1:
            steps.append(("unmap", 2 + n))
        rows = (*MAP, (300, 310 + n, "rw-p", ""))
        ticks.append(tick(n, rows=rows, ids=(0, 1, 2, 3, 3 + n), lineage=lived(*steps)))
    entries = chronicle_of(*ticks)
    assert [(entry.what, entry.mappings, entry.kb, entry.count) for entry in entries] == [
        ("map", 5, 4 * (11 + 12 + 13 + 14 + 15), 5),
        ("unmap", 4, 4 * (11 + 12 + 13 + 14), 4),
    ]


def test_mappings_to_which_it_happens_again_are_not_counted_again() -> None:
    rows = (*MAP, *nameless(MAX_NEW_ENTRIES + 10))

    def touched(n: int, count: int) -> Tick:
        return tick(n, *((mapping, "first-touch", 4) for mapping in range(4, 4 + count)), rows=rows)

    (entry,) = chronicle_of(
        touched(1, MAX_NEW_ENTRIES + 5), touched(2, MAX_NEW_ENTRIES + 10), touched(3, MAX_NEW_ENTRIES + 1)
    )
    assert (entry.mappings, entry.count) == (MAX_NEW_ENTRIES + 10, 3)


def test_what_happened_last_is_last_and_what_goes_on_keeps_its_place_among_its_equals() -> None:
    def happening(n: int) -> list[Happened]:
        happened: list[Happened] = [(0, "first-touch", 4 + 8 * (n % 2))]
        if n == 2:
            happened.append((2, "copy-on-write", 4))
        if n >= 4:
            happened += [(3, "first-touch", 8), (1, "sole-owner", 400)]
        return happened

    timeline = timeline_of(tick(0), *(tick(n, *happening(n)) for n in range(1, 20)))
    entry_log = EventLog(timeline)
    assert [entry.mapping for entry in entry_log.at(3)] == [2, 0]
    for n in range(4, 20):
        assert [entry.mapping for entry in entry_log.at(n)] == [2, 1, 0, 3], (
            "the costliest last, whatever the amounts"
        )


def test_an_entry_that_repeats_goes_before_what_began_after_it() -> None:
    entries = chronicle_of(
        tick(1, (0, "first-touch", 4)), tick(2, (3, "first-touch", 4)), tick(3, (0, "first-touch", 4))
    )
    assert [(entry.mapping, entry.last) for entry in entries] == [(3, 2), (0, 3)]


# outliers


def grown(*kb: int, what: Mechanism = "first-touch") -> list[tuple[int, int, int]]:
    """The entries of one mapping to which so much happens in each tick: kB, how often, last tick; oldest first."""
    entries = chronicle_of(*(tick(n, (0, what, amount)) for n, amount in enumerate(kb, 1)))
    return [(entry.kb, entry.count, entry.last) for entry in entries]


def test_a_jump_in_steady_growth_stands_alone() -> None:
    assert grown(*[1200] * 8, 51200, *[1200] * 8) == [(51200, 1, 9), (16 * 1200, 16, 17)]
    assert grown(4, 4, 4, 40, 4, 4, what="copy-on-write") == [(40, 1, 4), (20, 5, 6)]


def test_a_jump_at_the_beginning_stands_alone() -> None:
    assert grown(102400, *[4] * 6) == [(102400, 1, 1), (24, 6, 7)]


def test_a_little_among_much_does_not_stand_alone() -> None:
    assert grown(4000, 4000, 4000, 4, 4000, 4, 4000) == [(20008, 7, 7)]


def test_uneven_growth_is_one_run() -> None:
    assert grown(4, 40, 12, 60, 8, 28, 4, 100) == [(256, 8, 8)]
    assert len(grown(*(4 << n for n in range(8)))) == 1


def test_growth_that_stays_higher_is_another_run() -> None:
    assert grown(*[8] * 5, *[8000] * 5) == [(40, 5, 5), (40000, 5, 10)]


def test_an_outlier_of_a_whole_kind_keeps_its_name() -> None:
    rows = (*MAP, *nameless(MAX_NEW_ENTRIES + 10))
    amounts = {mapping: 40_000 if mapping == 9 else 8 for mapping in range(4, 14 + MAX_NEW_ENTRIES)}
    entries = chronicle_of(tick(1, *((mapping, "first-touch", kb) for mapping, kb in amounts.items()), rows=rows))
    assert [(entry.is_of_kind, entry.mapping, entry.mappings, entry.kb) for entry in entries] == [
        (True, 33, MAX_NEW_ENTRIES + 9, 8 * (MAX_NEW_ENTRIES + 9)),
        (False, 9, 1, 40_000),
    ]


def test_a_jump_of_a_kind_stands_alone() -> None:
    rows = (*MAP, *nameless(MAX_NEW_ENTRIES + 10))

    def touched(n: int, kb: int) -> Tick:
        many: list[Happened] = [(mapping, "first-touch", kb) for mapping in range(4, 14 + MAX_NEW_ENTRIES)]
        return tick(n, *many, rows=rows)

    entries = chronicle_of(*(touched(n, 400 if n == 5 else 4) for n in range(1, 8)))
    assert [(entry.is_of_kind, entry.count, entry.last) for entry in entries] == [(True, 1, 5), (True, 6, 7)]


def test_one_huge_mapping_among_many_new_ones_stands_alone() -> None:
    rows = (*MAP, *((1000 + 100 * i, 1002 + 100 * i, "rw-p", "") for i in range(9)), (9000, 99000, "rw-p", ""))
    born = range(4, 14)
    entries = chronicle_of(tick(1, rows=rows, lineage=lived(*(("map", mapping) for mapping in born))))
    assert reported(entries) == [("map", 12, 72, 1), ("map", 13, 360_000, 1)]


def test_an_entry_once_shown_is_never_split_or_joined() -> None:
    amounts = [4, 8, 4000, 4, 4, 400, 16, 4, 9000, 9000, 9000, 4, 80, 4]
    timeline = timeline_of(tick(0), *(tick(n, (0, "first-touch", kb)) for n, kb in enumerate(amounts, 1)))
    entry_log = EventLog(timeline)
    before: dict[tuple[int, int], LogEntry] = {}
    for n, kb in enumerate(amounts, 1):
        now = {entry.identity: entry for entry in entry_log.at(n)}
        assert before.keys() <= now.keys()
        assert sum(entry.kb for entry in now.values()) == sum(amounts[:n])
        changed = [entry for identity, entry in now.items() if entry != before.get(identity)]
        assert [(entry.last, entry.kb - getattr(before.get(entry.identity), "kb", 0)) for entry in changed] == [
            (n, kb)
        ]
        before = now


def test_an_entry_is_known_again_while_it_goes_on() -> None:
    timeline = timeline_of(tick(0), *(tick(n, (0, "first-touch", 4)) for n in (1, 2)))
    entry_log = EventLog(timeline)
    (then,), (now,) = entry_log.at(1), entry_log.at(2)
    assert then != now
    assert then.identity == now.identity


# bounds, and going back


def long_timeline(ticks: int) -> Timeline:
    """The heap grows all the time; every 25 ticks something else is copied, or not."""
    timeline = timeline_of(tick(0))
    for n in range(1, ticks):
        other: list[Happened] = [(n // 25 % 3 + 1, "copy-on-write", 4 * n)] if n % 25 == 0 else []
        timeline.append(tick(n, (0, "first-touch", 4), *other))
    return timeline


def test_only_the_newest_entries_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MAX_ENTRIES", 100)
    timeline = timeline_of(tick(0))
    entry_log = EventLog(timeline)
    for n in range(1, 200):
        timeline.append(tick(n, executed=True))  # nothing goes on
        entry_log.at(n)
    entries = entry_log.at(199)
    assert [entry.last for entry in entries] == list(range(100, 200))


def test_the_past_is_reported_as_it_was_then() -> None:
    timeline = long_timeline(400)
    entry_log = EventLog(timeline)
    then = [entry_log.at(n) for n in range(400)]
    for n in (399, 398, 200, 201, 7, 0, 399, 64, 63):
        assert entry_log.at(n) == then[n]


def test_an_event_log_that_begins_late_has_the_same_entries() -> None:
    timeline = long_timeline(300)
    follower = EventLog(timeline)
    for n in range(300):
        follower.at(n)
    assert EventLog(timeline).at(299) == follower.at(299)


def test_what_is_kept_to_go_back_does_not_grow_with_time() -> None:
    timeline = timeline_of(tick(0))
    entry_log = EventLog(timeline)
    for n in range(1, 5000):
        timeline.append(tick_of(n, mappings_of(), [], events=events_of()))
        entry_log.at(n)
    assert len(entry_log._checkpoints) + len(entry_log._recent) <= 48


def test_there_is_no_chronicle_of_a_tick_to_come() -> None:
    with pytest.raises(IndexError, match="no tick 1"):
        EventLog(timeline_of(tick(0))).at(1)


def test_a_tick_with_many_events_becomes_few_entries() -> None:
    count = 60_000
    rows = mappings_of(
        *((2 * i + 10, 2 * i + 11, "rw-p", f"/lib/{i % 50}.so" if i % 3 else "") for i in range(count))
    )
    ids = list(range(count))
    everything = Events(
        np.arange(count), (np.arange(count) % 2).astype(np.int8), np.full(count, 4), np.ones(count, bool)
    )
    timeline = timeline_of(tick_of(0, rows, ids), tick_of(1, rows, ids, keyframe=True, events=everything))
    entries = EventLog(timeline).at(1)
    assert sorted((entry.what, entry.kind, entry.mappings, entry.kb) for entry in entries) == [
        ("file-read", Kind.ANONYMOUS, 10_000, 40_000),
        ("file-read", Kind.FILE, 20_000, 80_000),
        ("first-touch", Kind.ANONYMOUS, 10_000, 40_000),
        ("first-touch", Kind.FILE, 20_000, 80_000),
    ]


# of one mapping


def test_of_one_mapping_only_its_own_is_reported_however_much_happens() -> None:
    rows = (*MAP, *nameless(40))
    many: list[Happened] = [(mapping, "first-touch", 4 * mapping) for mapping in range(4, 44)]
    timeline = timeline_of(
        tick(0, rows=rows),
        tick(1, *many, rows=rows),
        tick(2, *many, rows=rows),
        tick(3, rows=rows, lineage=lived(("protect", 7), ("protect", 8))),
    )
    assert reported(EventLog(timeline, 7).at(3)) == [("first-touch", 7, 56, 2), ("protect", 7, 0, 1)]


def test_one_mapping_is_reported_from_its_birth_to_its_end() -> None:
    born = (*MAP, (300, 310, "rw-p", "/new"))
    grown = (*MAP, (300, 320, "rw-p", "/new"))
    timeline = timeline_of(
        tick(0),
        tick(1, (4, "copy-on-write", 8), rows=born, lineage=lived(("map", 4))),
        tick(2, rows=grown, lineage=lived(("grow", 4))),
        tick(3, lineage=lived(("unmap", 4)), gone=[4]),
    )
    entries = EventLog(timeline, 4).at(3)
    assert reported(entries) == [
        ("map", 4, 40, 1),
        ("copy-on-write", 4, 8, 1),
        ("grow", 4, 40, 1),
        ("unmap", 4, 80, 1),
    ]
    assert [(entry.was is None, entry.now is None) for entry in entries] == [
        (True, False),
        (True, False),
        (False, False),
        (False, True),
    ]


def test_of_a_mapping_that_no_tick_knows_nothing_is_reported() -> None:
    assert EventLog(timeline_of(tick(0), tick(1, (0, "first-touch", 4))), 99).at(1) == ()
