"""Samples that are kept stand for as many faults, however few of them are left."""

import numpy as np
import pytest

from smapstop.proc.callstack.fault_records import FaultColumns
from smapstop.proc.callstack.unwind import CallStack
from smapstop.sampling.faults import kept_faults
from smapstop.sampling.faults.kept_faults import KeptStack, Samples
from smapstop.sampling.faults.shares import Density


def samples(count: int, density: Density = Density.FULL) -> Samples:
    """Samples at addresses 0 to `count`, each with a stack."""
    numbers = np.arange(count)
    columns = numbers.astype(np.uint64), numbers.astype(np.int32), numbers, numbers.astype(np.uint64)
    light = FaultColumns(*columns, np.ones(count, np.int64))
    stacks = [KeptStack(number, number, number, CallStack((number,), False), 1, density) for number in range(count)]
    return Samples(light, np.full(count, density, np.int8), stacks)


def test_joined_samples_are_in_order_and_split_as_they_were_joined() -> None:
    both = samples(3).joined_with(samples(2, Density.THIN))
    assert both.faults == len(both.stacks) == 5
    assert both.density.tolist() == [each.density for each in both.stacks] == [0, 0, 0, 1, 1]

    is_even = both.light.address % 2 == 0
    part, rest = both.take(is_even, is_even), both.take(~is_even, ~is_even)
    assert [each.address for each in part.stacks] == part.light.address.tolist() == [0, 2, 0]
    assert [each.address for each in rest.stacks] == rest.light.address.tolist() == [1, 1]


def test_too_many_samples_are_thinned_out_and_stand_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_faults, "MAX_KEPT", 4)
    few = samples(11).joined_with(Samples.none()).limited()
    assert (few.faults, len(few.light), len(few.density)) == (11, 3, 3)
    assert samples(4).limited().light.weight.tolist() == [1, 1, 1, 1]
    assert sum(each.weight for each in few.stacks) >= 11
