"""How near the limits of a process are, and when it reaches one."""

from dataclasses import replace

import pytest
from factories import COUNTERS, cgroup_memory, mappings_of, tick_of

from smapstop.model.limit_use import (
    LimitUse,
    Splitter,
    approach_of,
    count_mappings,
    limit_uses,
    most_mappings,
)
from smapstop.model.tick import Tick
from smapstop.proc.limits import Limits

MIB = 1 << 20
NO_ROWS = mappings_of()


def tick_with(number: int, used_mib: float, **group: object) -> Tick:
    """A tick whose control group, of 64 MiB, uses some."""
    memory = cgroup_memory(current_bytes=int(used_mib * MIB), cache_bytes=0, **group)
    return tick_of(number, NO_ROWS, [], limits=Limits(cgroup=memory))


def growing(*used_mib: float) -> list[Tick]:
    return [tick_with(number, used) for number, used in enumerate(used_mib)]


def test_uses_are_of_the_limits_that_are_set_memory_first_then_the_nearest() -> None:
    counters = replace(COUNTERS, vm_size=1000, vm_data=900, vm_lck=0)
    limits = Limits(100, rlimit_as=2000 << 10, rlimit_data=1000 << 10, cgroup=cgroup_memory(swap_max_bytes=0))
    tick = tick_of(0, NO_ROWS, [], counters=counters, limits=limits)
    assert limit_uses(tick, 20) == [
        LimitUse("memory", 32 * MIB, 64 * MIB),  # without the page cache
        LimitUse("data", 900 << 10, 1000 << 10),
        LimitUse("address space", 1000 << 10, 2000 << 10),
        LimitUse("mappings", 20, 100),
    ]
    assert limit_uses(tick_of(0, NO_ROWS, []), 20) == []


def test_steady_growth_reaches_the_limit_at_its_rate() -> None:
    approach = approach_of(growing(*(10 + 2 * number for number in range(10))))
    assert approach is not None
    assert (approach.bytes_per_second, approach.seconds) == pytest.approx((2 * MIB, (64 - 28) / 2))


@pytest.mark.parametrize(
    "ticks",
    [
        pytest.param(growing(*(10.0 for _ in range(10))), id="no growth"),
        pytest.param(growing(*(30 - number for number in range(10))), id="it falls"),
        pytest.param(growing(10, 10, 10, 10, 30, 30, 30, 30, 30, 30), id="a jump is no steady growth"),
        pytest.param(growing(10, 12, 14, 16, 18), id="too few ticks"),
        pytest.param(growing(*(70 + number for number in range(10))), id="the limit is behind it"),
        pytest.param([*growing(*range(10, 20)), tick_with(10, 20, max_bytes=128 * MIB)], id="the limit changed"),
        pytest.param([tick_with(n, 10 + n, max_bytes=None) for n in range(10)], id="no limit"),
        pytest.param([tick_of(n, NO_ROWS, []) for n in range(10)], id="no control group"),
        pytest.param([], id="no ticks"),
    ],
)
def test_without_steady_growth_no_time_is_given(ticks: list[Tick]) -> None:
    assert approach_of(ticks) is None


def test_the_name_that_most_mappings_have() -> None:
    mappings = mappings_of((1, 2, "rw-p", ""), (3, 4, "r--p", "/lib/a.so"), (5, 6, "rw-p", ""))
    assert most_mappings(mappings) == Splitter("", 2)
    assert most_mappings(NO_ROWS) is None


def test_kernel_addresses_do_not_count_as_mappings() -> None:
    mappings = mappings_of((1, 2, "rw-p", ""), ((1 << 52) - 10, (1 << 52) - 9, "--xp", "[vsyscall]"))
    assert count_mappings(mappings) == 1
