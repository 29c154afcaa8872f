"""Which entries have the words that are typed."""

from dataclasses import replace

import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.history.log_entry import LogEntry, MappingRef
from smapstop.model.kinds import Kind
from smapstop.text.event_search import search_entries
from smapstop.text.events import subject_text, what_text

TIMELINE = timeline_of(tick_of(0, mappings_of(), []), tick_of(1, mappings_of(), []))
HEAP = LogEntry(
    "first-touch",
    0,
    0,
    1,
    1,
    now=MappingRef("[heap]", "rw-p", 4096, 8192, Kind.HEAP),
    kind=Kind.HEAP,
    mappings=1,
    kb=64,
    pages=16,
)
DATA = LogEntry(
    *("copy-on-write", 1, 1, 1, 1),
    now=MappingRef("/usr/bin/Redis", "rw-p", 8192, 12288, Kind.FILE),
    kind=Kind.FILE,
    mappings=1,
    kb=4,
    pages=1,
    names=((1, ("page1",)),),
)
NAMELESS = LogEntry(
    "swap-out",
    2,
    2,
    1,
    1,
    now=MappingRef("", "rw-p", 0x3000, 0x4000, Kind.ANONYMOUS),
    kind=Kind.ANONYMOUS,
    mappings=1,
    kb=4,
    pages=1,
)
EXEC = LogEntry("exec", -(1 << 41), None, 1, 1)
ENTRIES = (HEAP, DATA, NAMELESS, EXEC)


def test_an_outlier_says_how_many_times_the_usual_it_is() -> None:
    assert what_text(HEAP, TIMELINE) == "first touch, 16 pages"
    assert what_text(replace(HEAP, kb=51_200, pages=12_800, usual_kb=1_200), TIMELINE) == (
        "first touch, 12,800 pages, 42× usual"
    )
    grown = replace(HEAP, what="grow", pages=0, kb=51_200, usual_kb=1_200)
    assert what_text(grown, TIMELINE) == "grew +50 M, 42× usual"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ENTRIES),
        ("heap", (HEAP,)),
        ("usr/bin", (DATA,)),
        ("redis .data", (DATA,)),
        ("REDIS", (DATA,)),
        ("3000", (NAMELESS,)),
        ("page1", (DATA,)),
        ("copy-on", (DATA,)),
        ("cow", (DATA,)),
        ("swapped", (NAMELESS,)),
        ("swap-out", (NAMELESS,)),
        ("first touch", (HEAP,)),
        ("touch redis", ()),
        ("!heap", (DATA, NAMELESS, EXEC)),
        ("!heap !cow", (NAMELESS, EXEC)),
        ("anon !swapped", ()),
        ("!", ENTRIES),
        ("new program", (EXEC,)),
        ("program", (EXEC,)),
    ],
)
def test_all_words_must_be_there_and_those_after_an_exclamation_mark_must_not(
    words: str, expected: tuple[LogEntry, ...]
) -> None:
    assert search_entries(ENTRIES, words, TIMELINE) == expected


def test_shared_memory_without_a_file_is_called_so_and_found_by_the_name_of_the_kernel_too() -> None:
    now = MappingRef("/dev/zero (deleted)", "rw-s", 0x5000, 0x6000, Kind.SHARED)
    entry = replace(NAMELESS, now=now, kind=Kind.SHARED)
    assert subject_text(entry, TIMELINE, 40) == "shared anonymous"
    assert search_entries([HEAP, entry], "zero", TIMELINE) == (entry,)
    assert search_entries([HEAP, entry], "shared anon", TIMELINE) == (entry,)
