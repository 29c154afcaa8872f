"""What mappings grew by since they were read: never more than the process did, nor than their faults can bring."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import COUNTERS, faults_of, mappings_of, tick_of
from hypothesis import example, given
from hypothesis import strategies as st

from smapstop.model.callers.page_faults import NO_LONGER_MAPPED, PageFaults
from smapstop.model.history.inferred_growth import InferredGrowth, infer_growth, share_growth
from smapstop.model.timeline.map_snapshot import apply_tick
from smapstop.proc.columns import Mappings

HEAP, OTHER, LIBRARY, DATA, SHARED = 1, 2, 3, 4, 5
IDS = [HEAP, OTHER, LIBRARY, DATA, SHARED]
MAP = mappings_of(
    (0, 10_000, "rw-p", "[heap]", 400),
    (20_000, 30_000, "rw-p", "", 0),
    (30_000, 40_000, "r-xp", "/lib/a", 0),
    (40_000, 50_000, "rw-p", "/lib/a", 0),
    (50_000, 60_000, "rw-s", "/memfd:a (deleted)", 0),
)
MEBI_KB = 1024


def grown(*rows: tuple[int, str, int], mappings: Mappings = MAP, **other: Any) -> InferredGrowth:
    """What is inferred a tick after the mappings were read; counters say by how much the process grew, kB."""
    changes: dict[str, Any] = {name: other.pop(name, 0) for name in ("rss_anon", "rss_file", "rss_shmem")}
    read, now = (replace(COUNTERS, **{name: MEBI_KB + part * kb for name, kb in changes.items()}) for part in (0, 1))
    before = apply_tick(None, tick_of(0, mappings, IDS, counters=read))
    tick = tick_of(1, mappings.take(slice(0)), [], counters=now, tier="counters")
    growth = infer_growth(apply_tick(before, tick), _counted(*rows, **other))
    assert growth is not None
    return growth


def _counted(*rows: tuple[int, str, int], **other: int) -> PageFaults:
    """Page faults, all of which are counted."""
    faults = faults_of(*rows, **other)
    return replace(faults, minor=max(faults.minor, int(faults.faults.sum())))


def by_mapping(growth: InferredGrowth) -> dict[int, int]:
    return dict(zip(growth.ids.tolist(), growth.kb.tolist(), strict=True))


def test_one_mapping_that_faulted_has_all_the_growth() -> None:
    growth = grown((HEAP, "fill < main", 200), rss_anon=800)
    assert by_mapping(growth) == {HEAP: 800}
    assert (growth.counts.tolist(), growth.unplaced, growth.counter_of(0)) == ([200], 0, "rss_anon")
    assert (growth.since.number, growth.grown_kb["rss_anon"]) == (0, 800)


@pytest.mark.parametrize(
    ("rows", "counters", "expected"),
    [
        # in proportion to the faults, of the same kind of memory
        ([(HEAP, 300), (OTHER, 100)], {"rss_anon": 1_600}, {HEAP: 1_200, OTHER: 400}),
        # something was released, or they were no new pages: the process grew by less than the faults could bring
        ([(HEAP, 300), (OTHER, 100)], {"rss_anon": 160}, {HEAP: 120, OTHER: 40}),
        # it did not grow: nothing is claimed
        ([(HEAP, 300)], {"rss_anon": 0}, {HEAP: 0}),
        ([(HEAP, 300)], {"rss_anon": -4_000}, {HEAP: 0}),
        # each kind of memory has its own counter
        ([(HEAP, 10), (LIBRARY, 10), (SHARED, 10)], {"rss_anon": 40, "rss_file": 600}, {HEAP: 40, LIBRARY: 600}),
        # ten faults bring ten pages, whatever else grew: it was populated, or by system calls
        ([(HEAP, 10)], {"rss_anon": 1 << 20}, {HEAP: 40}),
        # … and up to 16 of a file
        ([(LIBRARY, 10)], {"rss_file": 1 << 20}, {LIBRARY: 640}),
        # private pages of a file are the file's, or copies: not known which
        ([(DATA, 10), (HEAP, 10)], {"rss_anon": 40, "rss_file": 40}, {DATA: 0, HEAP: 20}),
        # in memory that was mapped since, by faults that have no mapping yet
        ([(HEAP, 100), (NO_LONGER_MAPPED, 100)], {"rss_anon": 400}, {HEAP: 200}),
    ],
)
def test_growth_is_shared_by_page_faults(
    rows: list[tuple[int, int]], counters: dict[str, Any], expected: dict[int, int]
) -> None:
    growth = grown(*((mapping, "f < main", count) for mapping, count in rows), **counters)
    assert by_mapping(growth) == {mapping: expected.get(mapping, 0) for mapping in sorted(by_mapping(growth))}


def test_faults_that_are_hidden_may_have_brought_it() -> None:
    growth = grown((HEAP, "f < main", 100), rss_anon=400, minor=400, in_system_calls=300)
    assert (by_mapping(growth), growth.unplaced) == ({HEAP: 100}, 300)


def test_a_mapping_does_not_grow_beyond_its_size() -> None:
    small = mappings_of(
        (0, 100, "rw-p", "[heap]", 300), *[(20_000 * n, 20_000 * n + 1, "rw-p", "", 0) for n in range(1, 5)]
    )
    assert by_mapping(grown((HEAP, "f < main", 1_000), rss_anon=4_000, mappings=small)) == {HEAP: 100}


def test_one_fault_may_bring_a_huge_page_where_that_is_possible() -> None:
    huge = MAP.with_fields({"thp_eligible": np.array([0, 1, 0, 0, 0])})
    growth = grown((HEAP, "f < main", 100), (OTHER, "f < main", 10), rss_anon=20_880, mappings=huge)
    assert by_mapping(growth) == {HEAP: 400, OTHER: 20_480}


def test_what_no_rss_counts_has_no_growth() -> None:
    hugetlb = mappings_of(
        (0, 10_000, "rw-p", "/anon_hugepage (deleted)", 0, 0, "rd wr ht"),
        *[(20_000 * n, 20_000 * n + 1, "rw-p", "", 0) for n in range(1, 5)],
    )
    growth = grown((HEAP, "f < main", 100), rss_anon=400, mappings=hugetlb)
    assert (by_mapping(growth), growth.counter_of(0)) == ({HEAP: 0}, None)


def test_counters_that_are_not_known_claim_nothing() -> None:
    before = apply_tick(None, tick_of(0, MAP, IDS))
    growth = infer_growth(
        apply_tick(before, tick_of(1, MAP.take(slice(0)), [], tier="counters")), _counted((HEAP, "f", 9))
    )
    assert growth is not None
    assert (by_mapping(growth), growth.grown_kb) == ({HEAP: 0}, {})


def test_after_a_reading_there_is_nothing_to_infer() -> None:
    read = apply_tick(None, tick_of(0, MAP, IDS))
    assert infer_growth(read, _counted((HEAP, "f", 9))) is None
    assert infer_growth(apply_tick(read, tick_of(1, MAP.take(slice(0)), [], tier="rollup")), None) is None


@given(
    total=st.integers(0, 1 << 40),
    rows=st.lists(st.tuples(st.integers(0, 1 << 30), st.integers(0, 1 << 40)), max_size=20),
)
@example(total=10, rows=[(1, 0), (0, 5)])
def test_shares_are_at_most_what_there_is(total: int, rows: list[tuple[int, int]]) -> None:
    faults, most = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    parts = share_growth(total, faults, most)
    can_have = int(most[faults > 0].sum())

    assert (parts >= 0).all()
    assert (parts <= most).all()
    assert not parts[faults == 0].any()
    assert parts.sum() <= total
    assert parts.sum() >= min(total, can_have) - len(rows) - total * 1e-9


@given(st.integers(1, 1 << 30), st.data())
def test_who_faults_more_gets_no_less(total: int, data: Any) -> None:
    faults = np.array(data.draw(st.lists(st.integers(1, 1 << 20), min_size=2, max_size=9)), np.int64)
    parts = share_growth(total, faults, faults * 4)
    order = np.argsort(faults, kind="stable")
    assert (np.diff(parts[order]) >= 0).all()
