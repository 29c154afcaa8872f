"""Faults and the stacks of some of them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.callers.call_stacks import NO_STACK
from smapstop.sampling.faults import shares as fault_shares
from smapstop.sampling.faults.shares import Density, FaultRow, LightFaults, PlacedStack, apportion, share_faults

HEAP, LIBRARY = 7, 8
MALLOC, MEMSET = 0x10, 0x20


def light(*rows: tuple[int, int, int], density: Density = Density.FULL) -> LightFaults:
    """Light samples: mapping, code, weight."""
    mapping, ip, weight = (np.array([row[at] for row in rows], np.int64) for at in range(3))
    return LightFaults(mapping, ip.astype(np.uint64), weight, np.full(len(rows), density, np.int8))


def code(ip: int) -> int:
    return 1000 + ip


def test_stacks_share_the_faults_of_their_code_in_their_mapping() -> None:
    faults = light((HEAP, MALLOC, 30), (HEAP, MEMSET, 5), (LIBRARY, MALLOC, 2), (HEAP, MALLOC, 10))
    stacks = [PlacedStack(HEAP, MALLOC, 1, 3), PlacedStack(HEAP, MALLOC, 2, 1), PlacedStack(LIBRARY, MALLOC, 3, 9)]

    rows = share_faults(faults, stacks, code, 47)

    assert rows == [
        FaultRow(HEAP, 1, 30),
        FaultRow(HEAP, 2, 10),
        FaultRow(HEAP, code(MEMSET), 5),
        FaultRow(LIBRARY, 3, 2),
    ]


def test_lost_faults_are_distributed_as_the_others() -> None:
    assert share_faults(light((HEAP, MALLOC, 1), (LIBRARY, MALLOC, 2)), [], code, 9) == [
        FaultRow(HEAP, code(MALLOC), 3),
        FaultRow(LIBRARY, code(MALLOC), 6),
    ]


def test_faults_get_the_stacks_of_their_time_only() -> None:
    stacks = [PlacedStack(HEAP, MALLOC, 1, 5), PlacedStack(HEAP, MALLOC, 2, 64, Density.THIN)]

    full, thin, none = (share_faults(light((HEAP, MALLOC, 5), density=each), stacks, code, 5) for each in Density)

    assert (full, thin) == ([FaultRow(HEAP, 1, 5)], [FaultRow(HEAP, 2, 5)])
    assert none == [FaultRow(HEAP, code(MALLOC), 5)]


def test_nothing_is_shared_among_nothing() -> None:
    assert share_faults(light(), [PlacedStack(HEAP, MALLOC, 1, 5)], code, 0) == []


def test_smallest_rows_of_too_many_are_reported_without_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_shares, "MAX_ROWS", 2)
    faults = light((HEAP, 1, 9), (HEAP, 2, 8), (HEAP, 3, 1), (LIBRARY, 4, 1))

    assert share_faults(faults, [], code, 19) == [
        FaultRow(HEAP, NO_STACK, 1),
        FaultRow(HEAP, code(1), 9),
        FaultRow(HEAP, code(2), 8),
        FaultRow(LIBRARY, NO_STACK, 1),
    ]


amounts = st.integers(1, 1000)
places = st.tuples(st.integers(-1, 2), st.integers(0, 3))


@given(
    st.lists(st.tuples(places, amounts), min_size=1, max_size=30),
    st.lists(st.tuples(places, st.integers(1, 3), amounts), max_size=30),
    st.integers(0, 100),
)
def test_all_faults_are_shared_and_stay_in_their_mapping(
    faults: list[tuple[tuple[int, int], int]], sampled: list[tuple[tuple[int, int], int, int]], lost: int
) -> None:
    columns = light(*((mapping, ip, weight) for (mapping, ip), weight in faults))
    total = int(columns.weight.sum()) + lost

    stacks = [PlacedStack(mapping, ip, stack, weight) for (mapping, ip), stack, weight in sampled]
    rows = share_faults(columns, stacks, code, total)

    assert sum(row.faults for row in rows) == total
    if not lost:
        expected = Counter({mapping: 0 for (mapping, _), _ in faults})
        for (mapping, _), weight in faults:
            expected[mapping] += weight
        found: Counter[int] = Counter()
        for row in rows:
            found[row.mapping] += row.faults
        assert found == expected


@given(st.lists(st.integers(0, 10**6), max_size=20), st.integers(0, 10**7))
def test_parts_are_in_proportion_and_without_a_rest(weights: list[int], total: int) -> None:
    parts = apportion(weights, total)

    assert sum(parts) == (total if sum(weights) else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert not sum(weights) or abs(part - weight * total / sum(weights)) < 1
