"""How much of its limits a process uses, and when it reaches its memory limit if it goes on growing as it does."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.tick import Tick
from smapstop.proc.columns import Mappings

LimitName = Literal["memory", "swap", "mappings", "address space", "data", "locked memory"]
HIGH_SHARE, FULL_SHARE = 0.8, 0.95
"""Shares of a limit from which it is worth a warning, and a stronger one."""
STEADY_TICKS = 8
"""Least number of ticks of a steady growth."""
STEADY_SECONDS = 4.0
"""Least time of a steady growth."""
_STEADY_DEVIATION = 0.15
"""A growth is steady while no tick is further from a straight line than this share of the whole growth."""
_KERNEL = np.uint64(1 << 63)
"""Start of the kernel's addresses; [vsyscall], shown there, does not count towards max_map_count."""


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of one limit is used."""

    name: LimitName
    used: int
    """Bytes, or number of mappings."""
    limit: int
    """In the same unit."""

    @property
    def share(self) -> float:
        """Share of the limit that is used."""
        return self.used / self.limit if self.limit else 1.0


@dataclass(frozen=True, slots=True)
class Approach:
    """Steady growth towards the memory limit of a control group."""

    bytes_per_second: float
    seconds: float
    """Time until the limit is reached at this rate."""


def count_mappings(mappings: Mappings) -> int:
    """Number of mappings that count towards vm.max_map_count."""
    return int(np.count_nonzero(mappings.start < _KERNEL))


def limit_uses(tick: Tick, mapping_count: int) -> list[LimitUse]:
    """Uses of the limits that a process has, the memory of its control group first, the others by share.

    Args:
        tick: A tick; its counters say how much is used.
        mapping_count: Number of mappings, as `count_mappings`.
    """
    limits, counters = tick.limits, tick.counters
    pairs: list[tuple[LimitName, int | None, int | None]] = [
        ("mappings", mapping_count, limits.max_map_count),
        ("address space", _bytes(counters.vm_size), limits.rlimit_as),
        ("data", _bytes(counters.vm_data), limits.rlimit_data),
        ("locked memory", _bytes(counters.vm_lck), limits.rlimit_memlock),
    ]
    group = limits.cgroup
    if group is not None:
        pairs.append(("swap", group.swap_bytes, group.swap_max_bytes or None))  # 0: it may not swap
    uses = [LimitUse(name, used, limit) for name, used, limit in pairs if used is not None and limit is not None]
    uses.sort(key=lambda use: -use.share)
    if group is not None and group.max_bytes is not None:
        uses.insert(0, LimitUse("memory", group.needed_bytes, group.max_bytes))
    return uses


def _bytes(kb: int | None) -> int | None:
    """Convert kB to bytes."""
    return None if kb is None else kb * 1024


def approach_of(ticks: Sequence[Tick]) -> Approach | None:
    """Steady growth towards the memory limit over consecutive ticks, the last of which is the present.

    None without limit, while the growth is not steady, or when the limit or the group changed.
    """
    groups = [tick.limits.cgroup for tick in ticks]
    last = groups[-1] if groups else None
    if last is None or last.max_bytes is None or len(ticks) < STEADY_TICKS:
        return None
    if any(each is None or (each.path, each.max_bytes) != (last.path, last.max_bytes) for each in groups):
        return None
    seconds = np.array([(tick.monotonic_ns - ticks[0].monotonic_ns) / 1e9 for tick in ticks])
    used = np.array([each.needed_bytes for each in groups if each is not None], np.float64)
    rate = _steady_rate(seconds, used)
    room = last.max_bytes - last.needed_bytes
    return Approach(rate, room / rate) if rate and room > 0 else None


def _steady_rate(seconds: NDArray[np.float64], used: NDArray[np.float64]) -> float | None:
    """Growth per second of what grows along a straight line; None if it does not."""
    growth = used[-1] - used[0]
    if seconds[-1] < STEADY_SECONDS or growth <= 0:
        return None
    rate, start = np.polyfit(seconds, used, 1)
    furthest = float(np.abs(used - (start + rate * seconds)).max())
    return float(rate) if rate > 0 and furthest <= _STEADY_DEVIATION * growth else None


@dataclass(frozen=True, slots=True)
class Splitter:
    """The name that most mappings have."""

    name: str
    """As the kernel prints it; empty for anonymous memory."""
    count: int


def most_mappings(mappings: Mappings) -> Splitter | None:
    """The name that most mappings have: what takes up most of vm.max_map_count; None without mappings."""
    if not len(mappings):
        return None
    counts = np.bincount(mappings.name)
    code = int(counts.argmax())
    return Splitter(mappings.strings[code], int(counts[code]))
