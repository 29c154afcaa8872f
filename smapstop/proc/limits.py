"""Limits of a process's memory: of its control groups, its resource limits, and of the number of its mappings."""

import re
from dataclasses import fields

from smapstop.lazy_dataclass import dataclass

_RLIMIT = re.compile(rb"^Max (address space|data size|stack size|locked memory) +(\d+)", re.MULTILINE)
_NAMES = {b"address space": "rlimit_as", b"data size": "rlimit_data", b"stack size": "rlimit_stack"}

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class CgroupMemory:
    """Memory of a control group at one moment. `None`: no limit, not printed, or not readable."""

    version: int
    """Version of the hierarchy, 1 or 2."""
    path: str
    """Path of the group, as /proc/PID/cgroup prints it."""
    current_bytes: int
    """Memory of all members, with the page cache charged to the group."""
    cache_bytes: int | None
    """Page cache in it, which the kernel can drop."""
    max_bytes: int | None
    """Limit of `current_bytes`: beyond it the OOM killer ends a member."""
    high_bytes: int | None
    """Beyond it members are slowed down and their memory is reclaimed (version 2)."""
    swap_bytes: int | None
    """Swap of all members."""
    swap_max_bytes: int | None
    """Limit of it; of version 1, what its limit of memory and swap leaves when memory is at its limit."""
    oom_kills: int | None
    """Members that the OOM killer ended."""
    pressure_percent: float | None
    """Share of the last ten seconds in which some member waited for memory (PSI, version 2)."""

    @property
    def needed_bytes(self) -> int:
        """Memory that the kernel cannot simply drop: without the page cache."""
        return self.current_bytes - min(self.cache_bytes or 0, self.current_bytes)

    @property
    def room_bytes(self) -> int | None:
        """What is left below the limit; `None` without one."""
        return None if self.max_bytes is None else self.max_bytes - self.needed_bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a process at one moment. `None`: no limit, not printed, or not readable."""

    max_map_count: int | None = None
    """Most mappings that a process may have (vm.max_map_count)."""
    rlimit_as: int | None = None
    """RLIMIT_AS (soft), bytes: the most that may be mapped."""
    rlimit_data: int | None = None
    """RLIMIT_DATA (soft), bytes: the most private writable memory that may be mapped, without the stack."""
    rlimit_stack: int | None = None
    """RLIMIT_STACK (soft), bytes: how far the main stack may grow."""
    rlimit_memlock: int | None = None
    """RLIMIT_MEMLOCK (soft), bytes: the most that may be locked."""
    cgroup: CgroupMemory | None = None
    """The control group whose memory limit is nearest."""
    cgroup_missing: str | None = None
    """Why the control group that may limit its memory cannot be read; `None` if it can, or if there is none."""


NO_LIMITS = Limits()
"""Nothing is known, as of a saved text."""


def parse_rlimits(text: bytes) -> dict[str, int]:
    """Parse /proc/PID/limits (proc(5)): the soft limits of memory that are set, by field of `Limits`, bytes."""
    return {_NAMES.get(what, "rlimit_memlock"): int(amount) for what, amount in _RLIMIT.findall(text)}


_CGROUP = {f"cgroup_{field.name}": field.name for field in fields(CgroupMemory)}
LIMIT_COLUMNS = (*(field.name for field in fields(Limits) if field.name != "cgroup"), *_CGROUP)
"""Names of the values of `limit_cells`, where limits are stored as columns."""


def limit_cells(limits: Limits) -> tuple[Cell, ...]:
    """Values of limits, in the order of `LIMIT_COLUMNS`; those of a missing control group are `None`."""
    own = (getattr(limits, name) for name in LIMIT_COLUMNS if name not in _CGROUP)
    group = (None if limits.cgroup is None else getattr(limits.cgroup, name) for name in _CGROUP.values())
    return (*own, *group)


def limits_of_cells(cells: dict[str, Cell]) -> Limits:
    """Limits with these values, by name; those that are missing are `None`."""
    group = {name: cells.get(column) for column, name in _CGROUP.items()}
    return Limits(
        **{name: cells.get(name) for name in LIMIT_COLUMNS if name not in _CGROUP},  # type: ignore[arg-type]
        cgroup=None if group["version"] is None else CgroupMemory(**group),  # type: ignore[arg-type]
    )
