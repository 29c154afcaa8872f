"""What is said between two readings: what was measured, what is inferred, and nothing that may be false."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import COUNTERS, SECOND_NS, faults_of, mappings_of, tick_of, timeline_of
from list_source import target

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.tick import ExitStatus
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text import format as fmt
from smapstop.text.copying import rows_text, why_text
from smapstop.text.inferred import elsewhere_text, evidence_text, inferred_row_text, inferred_text, next_reading_ns
from smapstop.text.mapping_detail import compared_ticks
from smapstop.text.row_sums import sums_of
from smapstop.text.status import header_of
from smapstop.text.table_amounts import amount_texts
from smapstop.text.table_columns import COLUMNS, find_columns
from smapstop.text.table_rows import build_rows
from smapstop.text.units import AUTO
from smapstop.text.why import Why, why_of

HEAP, DATA = 1, 2
MAP = mappings_of((0, 90_000, "rw-p", "[heap]", 400), (90_000, 99_000, "rw-p", "/lib/a", 0))
MEBI_KB = 1024
ROWS = np.array([0, 1])


def timeline(*rows: tuple[int, str, int], grown_kb: int = 0, **faults: int) -> Timeline:
    """A reading, and a tick with page faults 4 s later; smaps is read every 10 s."""
    counters = [replace(COUNTERS, rss_anon=kb, rss_file=0) for kb in (90_000, 90_000 + grown_kb)]
    read = tick_of(0, MAP, [HEAP, DATA], counters=counters[0], smaps_interval_ns=10 * SECOND_NS)
    between = tick_of(
        1,
        MAP.take(slice(0)),
        [],
        counters=counters[1],
        tier="counters",
        monotonic_ns=4 * SECOND_NS,
        wall_ns=read.wall_ns + 4 * SECOND_NS,
        smaps_interval_ns=10 * SECOND_NS,
        faults=faults_of(*rows, **faults),
    )
    return timeline_of(read, between)


def view_of(*rows: tuple[int, str, int], **other: Any) -> View:
    return derive_view(timeline(*rows, **other), ViewState())


def since(view: View, seconds: int = 0) -> str:
    return fmt.clock(view.snapshot.reading_tick.wall_ns + seconds * SECOND_NS)


def test_a_row_says_about_how_much_by_whom_and_since_when() -> None:
    view = view_of((HEAP, "fill < main", 5_120), grown_kb=20 * MEBI_KB)
    texts = [inferred_row_text(view, 0, AUTO, width) for width in (60, 35, 20, 10, 2)]
    assert texts == [
        f"~20 M by fill since {since(view)}, 5,120 page faults",
        f"~20 M by fill since {since(view)}",
        "~20 M by fill",
        "~20 M",
        "~20 M",
    ]
    assert inferred_row_text(view, 1, AUTO, 60) == ""


@pytest.mark.parametrize(
    ("rows", "by"),
    [
        ([(HEAP, "fill < main", 100)], " by fill"),
        ([(HEAP, "fill < main", 60), (HEAP, "other < main", 40)], " mostly by fill"),
        ([(HEAP, "a < main", 40), (HEAP, "b < main", 30), (HEAP, "c < main", 30)], ""),
        ([(HEAP, "", 100)], ""),
    ],
)
def test_only_a_majority_has_done_it(rows: list[tuple[int, str, int]], by: str) -> None:
    view = view_of(*rows, grown_kb=400)
    assert inferred_text(view.growth, np.array([HEAP]), AUTO) == f"~400 K{by} since {since(view)}, 100 page faults"


def test_without_growth_only_the_faults_are_mentioned() -> None:
    view = view_of((HEAP, "fill < main", 1_024), grown_kb=-9_000)
    assert inferred_text(view.growth, np.array([HEAP]), AUTO) == f"1,024 page faults by fill since {since(view)}"
    evidence = evidence_text(view.growth, np.array([HEAP]), None, AUTO)
    assert evidence == (
        "RssAnon of the process −8.79 M, with these page faults: "
        "as much was released, or the pages were there before."
    )


def test_what_was_measured_and_what_is_inferred_are_kept_apart() -> None:
    view = view_of((HEAP, "fill@fill.c:7 < main", 5_000), grown_kb=30 * MEBI_KB)
    assert evidence_text(view.growth, np.array([HEAP]), next_reading_ns(view), AUTO) == (
        "Inferred from these page faults (fill.c:7) and RssAnon of the process +30 M; what was released is not seen. "
        "Elsewhere ~10.5 M: in memory mapped since, or by no page fault that was seen. "
        f"Read again at about {since(view, 10)}."
    )
    assert elsewhere_text(view.growth, AUTO) == "~10.5 M"


def test_pages_of_a_private_file_may_be_its_own_or_copies() -> None:
    view = view_of((DATA, "relocate < main", 10), grown_kb=40)
    evidence = evidence_text(view.growth, np.array([DATA]), None, AUTO)
    assert evidence == "By how much it grew with these page faults can not be inferred."


def test_next_reading_is_announced_live_only() -> None:
    log = timeline((HEAP, "fill < main", 10), grown_kb=40)
    assert next_reading_ns(derive_view(log, ViewState())) == log.header(0).wall_ns + 10 * SECOND_NS
    assert next_reading_ns(derive_view(log, ViewState(at=1))) is None


def test_table_has_it_with_its_age() -> None:
    log = timeline((HEAP, "fill < main", 5_120), grown_kb=20 * MEBI_KB)
    view = derive_view(log, ViewState())
    columns = [(column, 60) for column in COLUMNS if column.cell_format == "happened"]
    heap, data = build_rows(view, log, np.array([0, 1]), columns)
    assert heap.cells == (f"~20 M by fill since {since(view)}, 5,120 page faults · now",)
    assert (heap.age, data.age, data.cells) == (0, None, ("",))


def grown_before(*rows: tuple[int, str, int], grown_kb: int) -> Timeline:
    """The heap has grown by 80 kB at the second of two readings; and `rows` 4 s after that, as in `timeline`."""
    read, between = timeline(*rows, grown_kb=grown_kb).ticks
    before = mappings_of((0, 90_000, "rw-p", "[heap]", 320), (90_000, 99_000, "rw-p", "/lib/a", 0))
    return timeline_of(
        tick_of(0, before, [HEAP, DATA], counters=read.counters, monotonic_ns=0),
        replace(read, number=1, monotonic_ns=4 * SECOND_NS, keyframe=False),
        replace(between, number=2, monotonic_ns=8 * SECOND_NS),
    )


def numbers(log: Timeline, row: int = 0, **state: Any) -> list[str]:
    """Change and rate of a row."""
    view = derive_view(log, ViewState(**state))
    return [amount_texts(view, column, np.array([row]))[0] for column in find_columns(["delta", "rate"])]


def test_a_row_with_page_faults_since_it_was_read_is_not_called_unchanged() -> None:
    log = grown_before((HEAP, "fill < main", 10), grown_kb=-9_000)
    assert [numbers(log), numbers(log, row=1)] == [["–", "–"], ["·", "·"]]
    assert [numbers(log, at=1), numbers(log, row=1, at=1)] == [["+80 K", "+20 K"], ["·", "·"]]
    assert numbers(log, metric="pss") == ["–", "–"]
    assert numbers(log, metric="faults")[0] == "+10"


def test_change_and_rate_are_those_of_the_verdict_beside_them() -> None:
    log = grown_before((HEAP, "fill < main", 5_120), grown_kb=20 * MEBI_KB)
    assert numbers(log) == ["~20 M", "~5 M"], "not what the last reading had"
    assert numbers(log, baseline="start") == ["~20.1 M", "~5 M"]
    assert numbers(log, row=1, grouping="kind") == ["~20 M", "~5 M"]
    view = derive_view(log, ViewState())
    assert view.table.change is not None
    assert view.table.change.tolist() == [80, 0], "what was measured stays as it was"
    assert derive_view(log, ViewState(filter="delta>10M")).filter_mask.tolist() == [True, False]
    assert sums_of(view, np.ones(2, bool)).change == "~20 M"
    assert sums_of(derive_view(log, ViewState(at=1)), np.ones(2, bool)).change == "+80 K"
    assert sums_of(derive_view(log, ViewState(metric="pss")), np.ones(2, bool)).change == ""
    copied = rows_text(view, log, find_columns(["delta", "rate"]), [HEAP, DATA]).splitlines()
    assert [line.split("\t")[-2:] for line in copied[1:]] == [["~20480", "~5120.00"], ["0", "0.00"]]


def test_amounts_of_a_row_that_may_have_grown_since_are_dim() -> None:
    log = grown_before((HEAP, "fill < main", 5_120), grown_kb=20 * MEBI_KB)
    columns = [(column, 6) for column in find_columns(["rss", "faults"])]

    def weights(**state: Any) -> list[tuple[int, ...]]:
        return [row.weights for row in build_rows(derive_view(log, ViewState(**state)), log, ROWS, columns)]

    assert (weights()[0], weights(at=1)[0][0], weights(grouping="kind")[1]) == ((-1, 1), 1, (-1, 1))
    view = derive_view(log, ViewState())
    assert sums_of(view, np.ones(2, bool)).is_earlier
    assert not sums_of(derive_view(log, ViewState(at=1)), np.ones(2, bool)).is_earlier


def test_header_says_that_there_is_something_inferred() -> None:
    log = timeline((HEAP, "fill < main", 5_120), grown_kb=20 * MEBI_KB)
    mode = header_of(target(), derive_view(log, ViewState()), log).mode
    assert mode == "● live 1.0 s, mappings every 10 s (budget), ~ between"
    assert "~" not in header_of(target(), derive_view(log, ViewState(at=0)), log).mode


def test_inspector_does_not_call_constant_what_was_not_read() -> None:
    log = timeline((HEAP, "fill < main", 5_120), grown_kb=20 * MEBI_KB)
    view = derive_view(log, ViewState())
    heap, data = (why_of_mapping(view, log, mapping) for mapping in (HEAP, DATA))
    assert (heap.inferred, heap.trend) == (f"~20 M by fill since {since(view)}, 5,120 page faults", "")
    assert heap.evidence.startswith("Inferred from these page faults and RssAnon of the process +20 M")
    assert (data.inferred, data.evidence) == ("", "")
    copied = why_text(view, log, [HEAP], "v").splitlines()
    assert copied[1:3] == [heap.inferred, heap.evidence]


def why_of_mapping(view: View, log: Timeline, mapping: int) -> Why:
    history = MappingHistory(log, mapping)
    history.update()
    return why_of(history, view, compared_ticks(history, view), "v")


def test_after_the_end_nothing_is_inferred() -> None:
    log = timeline((HEAP, "fill < main", 5_120), grown_kb=20 * MEBI_KB)
    last = replace(log.header(1), number=2, ending=ExitStatus(0))
    log.append(last)
    assert derive_view(log, ViewState()).growth is None
