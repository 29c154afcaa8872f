"""Limits of a process: parsed, and stored as columns."""

import resource
from dataclasses import replace
from pathlib import Path

from factories import cgroup_memory

from smapstop.proc.limits import LIMIT_COLUMNS, NO_LIMITS, Limits, limit_cells, limits_of_cells, parse_rlimits

LIMITS = b"""\
Limit                     Soft Limit           Hard Limit           Units
Max data size             1048576              unlimited            bytes
Max stack size            8388608              unlimited            bytes
Max resident set          4096                 unlimited            bytes
Max locked memory         65536                65536                bytes
Max address space         unlimited            unlimited            bytes
"""


def test_soft_limits_of_memory_are_parsed_and_unlimited_is_none() -> None:
    assert parse_rlimits(LIMITS) == {"rlimit_data": 1048576, "rlimit_stack": 8388608, "rlimit_memlock": 65536}


def test_our_own_limits_are_those_of_getrlimit() -> None:
    limits = replace(Limits(), **parse_rlimits(Path("/proc/self/limits").read_bytes()))  # type: ignore[arg-type]
    for name, which in (
        ("rlimit_as", resource.RLIMIT_AS),
        ("rlimit_data", resource.RLIMIT_DATA),
        ("rlimit_stack", resource.RLIMIT_STACK),
        ("rlimit_memlock", resource.RLIMIT_MEMLOCK),
    ):
        soft = resource.getrlimit(which)[0]
        assert getattr(limits, name) == (None if soft == resource.RLIM_INFINITY else soft), name


def test_limits_come_back_from_their_columns() -> None:
    for limits in (NO_LIMITS, Limits(65530, rlimit_stack=8 << 20), Limits(cgroup=cgroup_memory(max_bytes=None))):
        cells = dict(zip(LIMIT_COLUMNS, limit_cells(limits), strict=True))
        assert limits_of_cells(cells) == limits
    assert limits_of_cells({}) == NO_LIMITS, "an older recording has no such columns"


def test_room_is_what_is_left_when_the_page_cache_is_dropped() -> None:
    group = cgroup_memory(current_bytes=100, cache_bytes=30, max_bytes=120)
    assert (group.needed_bytes, group.room_bytes) == (70, 50)
    assert cgroup_memory(current_bytes=100, cache_bytes=None, max_bytes=None).needed_bytes == 100
    assert cgroup_memory(max_bytes=None).room_bytes is None
    assert cgroup_memory(current_bytes=10, cache_bytes=30).needed_bytes == 0, "read one after the other"
