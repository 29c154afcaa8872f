"""What the inspector says about a mapping."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import faults_of, mappings_of, tick_of, timeline_of

from smapstop.model.events import MECHANISMS, NO_EVENTS, Events, Mechanism
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.tick import LifecycleEvent, Tick
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.proc.added_fields import GO_HEAP, JVM_HEAP, PYTHON_HEAP
from smapstop.text.mapping_detail import compared_ticks
from smapstop.text.units import UnitFormat
from smapstop.text.why import Why, pair_text, why_of


def tick(number: int, rss: int, what: Mechanism | None = None, kb: int = 4, **other: Any) -> Tick:
    """A tick of the heap, with what happened to it."""
    code = np.array([MECHANISMS.index(what)], np.int8) if what else None
    names = ((0, ("page1",)),) if what == "copy-on-write" else ()
    events = (
        NO_EVENTS if code is None else Events(np.array([7]), code, np.array([kb]), np.array([True]), 4, names=names)
    )
    dirty = other.pop("dirty", rss)
    rows = mappings_of((0x1000, 0x2000, "rw-p", other.pop("name", "[heap]"), rss), private_dirty=[dirty])
    return tick_of(number, rows, [7], keyframe=True, events=events, **other)


def why(*ticks: Tick, state: ViewState | None = None) -> Why:
    timeline = timeline_of(*ticks)
    view = derive_view(timeline, state or ViewState())
    history = MappingHistory(timeline, 7)
    return why_of(history, view, compared_ticks(history, view), "v")


def test_a_leak_says_since_when_how_fast_and_by_what() -> None:
    reported = why(tick(0, 400), *(tick(n, 400 + 400 * n, "first-touch", 400) for n in range(1, 5)))
    assert reported.verdict == "100 pages first touch"
    assert reported.age == "now"
    assert reported.trend == (
        "Grows since 22:13:20 at 400 K/s, by first touch (100 pages a second). No reading shows it falling."
    )
    assert reported.moving
    assert reported.advice.startswith("Who allocates?")


def test_a_slow_leak_is_one_page_a_second() -> None:
    reported = why(tick(0, 40), *(tick(n, 40 + 4 * n, "first-touch", 4) for n in range(1, 5)))
    assert "by first touch (1 page a second)." in reported.trend


@pytest.mark.parametrize(
    ("jumps", "expected"),
    [
        ((), "Grows since 22:13:20 at 400 K/s, by first touch (100 pages a second)."),
        ((5,), "Grows since 22:13:20 at 400 K/s, and once by 39.1 M at 22:13:25, by first touch."),
        ((3, 6), "Grows since 22:13:20 at 400 K/s, and in 2 jumps by 78.1 M, by first touch."),
    ],
)
def test_a_jump_inside_a_leak_does_not_blur_how_fast_it_is(jumps: tuple[int, ...], expected: str) -> None:
    rss, ticks = 400, [tick(0, 400)]
    for number in range(1, 10):
        kb = 40_000 if number in jumps else 400
        rss += kb
        ticks.append(tick(number, rss, "first-touch", kb))
    assert why(*ticks).trend == f"{expected} No reading shows it falling."


def test_sentences_follow_the_unit() -> None:
    grown = [tick(0, 400), *(tick(n, 400 + 400 * n, "first-touch", 400) for n in range(1, 5))]
    reported = why(*grown, state=ViewState(units="pages"))
    assert reported.trend.startswith("Grows since 22:13:20 at 100 p/s, by first touch")
    assert reported.changes[0].values == "400 → 500 p"
    assert why(*grown, state=ViewState(units="bytes")).trend.startswith("Grows since 22:13:20 at 409,600 B/s")


def test_with_callers_it_says_by_whom_with_the_line() -> None:
    faults = faults_of((7, "libc.so.6:malloc < dictExpand@src/dict.c:153 < main", 100))
    reported = why(tick(0, 400), *(tick(n, 400 + 400 * n, "first-touch", 400, faults=faults) for n in range(1, 5)))
    assert reported.verdict == "100 pages first touch by dictExpand, dict.c:153"
    assert reported.advice.startswith("Who touched it first: the tab Callers.")


@pytest.mark.parametrize(
    ("column", "profiler"),
    [
        (GO_HEAP, "pprof"),
        (JVM_HEAP, "jcmd GC.class_histogram, a heap dump"),
        (PYTHON_HEAP, "memray, tracemalloc"),
    ],
)
def test_the_heap_of_a_runtime_has_its_own_profiler(column: str, profiler: str) -> None:
    def tick(number: int) -> Tick:
        rows = mappings_of((0x1000, 0x9000, "rw-p", "", 400 + 400 * number)).with_fields({column: np.array([1])})
        return tick_of(number, rows, [7], keyframe=True)

    assert why(*(tick(number) for number in range(5))).advice == f"Who allocates? Ask a heap profiler: {profiler}"


def test_what_fell_before_is_said() -> None:
    reported = why(tick(0, 900), tick(1, 400), *(tick(n, 400 + 400 * n, "first-touch", 400) for n in range(2, 6)))
    assert reported.trend.endswith("It fell by 500 K before.")


def test_one_change_is_reported_with_its_time_and_that_it_stayed_so() -> None:
    reported = why(tick(0, 400), tick(1, 440, "first-touch", 40), tick(2, 440), tick(3, 440))
    assert reported.trend == "Rss +40 K at 22:13:21, by first touch; constant since."
    assert (reported.age, reported.moving, reported.advice) == ("1 s ago", False, "")


def test_a_change_grows_older_while_the_next_tick_is_overdue() -> None:
    timeline = timeline_of(tick(0, 400), tick(1, 440, "first-touch", 40))
    history = MappingHistory(timeline, 7)
    views = [derive_view(timeline, ViewState(), overdue_ns=seconds * 10**9) for seconds in (0, 16, 90)]
    assert [why_of(history, view, compared_ticks(history, view), "v").age for view in views] == [
        "now",
        "15 s ago",
        "1 m ago",
    ]


def test_that_it_stayed_so_is_said_only_if_it_was_read_since() -> None:
    quick = (tick_of(number, mappings_of(), [], tier="counters") for number in (2, 3))
    assert (
        why(tick(0, 400), tick(1, 440, "first-touch", 40), *quick).trend == "Rss +40 K at 22:13:21, by first touch."
    )


def test_a_copied_page_is_named_first_and_rss_is_said_to_be_unchanged() -> None:
    file = "/bin/program"
    copied = tick(1, 12, "copy-on-write", name=file, dirty=12)
    reported = why(tick(0, 12, name=file, dirty=8), copied, *(tick(n, 12, name=file, dirty=12) for n in (2, 3)))
    assert reported.verdict == "1 page copy-on-write: page1"
    assert reported.trend == "Rss constant at 12 K since 22:13:20."
    assert [(change.label, change.values) for change in reported.changes] == [
        ("Rss", "12 K unchanged"),
        ("Private_Dirty", "8 → 12 K"),
    ]
    assert reported.compared == "Last changed 1 s ago"
    (reason,) = reported.reasons
    assert reason.sentence.startswith("1 page of this private file mapping was written.")
    assert reason.source == "mm/memory.c: do_wp_page, do_cow_fault"
    assert reported.advice == "v: the pages that were copied, with the variables on them"


def test_against_a_mark_all_that_changed_since_is_reported() -> None:
    reported = why(tick(0, 400), tick(1, 440), tick(2, 480), state=ViewState(baseline="mark", mark=0))
    assert reported.compared == "Changed since mark 22:13:20"
    assert [change.values for change in reported.changes] == ["400 → 480 K", "400 → 480 K"]


def test_what_came_while_it_was_watched_says_how() -> None:
    came = tick(1, 40, "first-touch", 40, lineage=(LifecycleEvent("map", 7),))
    reported = why(tick_of(0, mappings_of((1, 2)), [1], keyframe=True), came, tick(2, 40), tick(3, 40))
    assert reported.verdict == "10 pages first touch · mapped at 01000000-02000000"
    assert reported.age == "1 s ago"


@pytest.mark.parametrize("quick_ticks", [0, 3])
def test_of_what_was_read_only_once_it_says_no_more(quick_ticks: int) -> None:
    """The totals of the quick ticks may grow by then: that nothing changed is not known."""
    quick = (tick_of(number, mappings_of(), [], tier="counters") for number in range(1, 1 + quick_ticks))
    reported = why(tick(0, 40), *quick)
    assert (reported.verdict, reported.trend) == ("read once, at 22:13:20", "")


def test_what_was_there_and_never_changed_says_so() -> None:
    reported = why(tick(0, 40), tick(1, 40))
    assert reported.verdict == "no change since attach (22:13:20)"
    assert (reported.age, reported.reasons, reported.changes) == ("", (), ())


@pytest.mark.parametrize(
    ("was", "now", "text"),
    [
        (33 * 1024, 61.5 * 1024, "33 → 61.5 M"),
        (4, 0, "4 K → 0"),
        (1000, 2048, "1000 K → 2 M"),
        (41_800, 41_804, "41,800 → 41,804 K"),
        (float("nan"), 4, "– → 4 K"),
    ],
)
def test_two_amounts_share_their_unit(was: float, now: float, text: str) -> None:
    assert pair_text(was, now) == text


def test_pairs_in_another_unit_have_it_once() -> None:
    assert pair_text(8, 12, UnitFormat("pages")) == "2 → 3 p"
    assert pair_text(float("nan"), 12, UnitFormat("kB")) == "– → 12 kB"


def test_a_doubtful_mechanism_ends_its_sentence_itself() -> None:
    doubtful = replace(tick(3, 1600, "first-touch", 400).events, sure=np.array([False]))
    grown = [tick(n, 400 + 400 * n, "first-touch", 400) for n in range(1, 5)]
    reported = why(tick(0, 400), *(replace(each, events=replace(doubtful)) for each in grown))
    assert "first touch? (" in reported.trend
    assert "?." not in reported.trend
    once = why(tick(0, 400), replace(tick(1, 800), events=doubtful))
    assert once.trend.endswith("by first touch?")


def test_the_label_says_what_proves_it() -> None:
    assert why(tick(0, 8), tick(1, 8)).label == ""
    assert why(tick(0, 8, name="[anon:cache]")).label == (
        "[anon:cache]: the program itself gave it this name (PR_SET_VMA_ANON_NAME)."
    )


def test_memory_that_was_given_back_says_how() -> None:
    reported = why(tick(0, 400), tick(1, 40, "unmapped", 360), tick(2, 40))
    assert reported.trend == "Rss −360 K at 22:13:21: unmapped; constant since."
