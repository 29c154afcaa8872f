"""Limits of a process as JSON, and back."""

from typing import Any

from smapstop.model.limit_use import count_mappings
from smapstop.proc.columns import Mappings
from smapstop.proc.limits import CgroupMemory, Limits
from smapstop.report.json_fields import Record

_RLIMITS = {"as": "rlimit_as", "data": "rlimit_data", "stack": "rlimit_stack", "memlock": "rlimit_memlock"}
_CGROUP = {
    "version": "version",
    "path": "path",
    "memory_current": "current_bytes",
    "memory_cache": "cache_bytes",
    "memory_high": "high_bytes",
    "memory_max": "max_bytes",
    "swap_current": "swap_bytes",
    "swap_max": "swap_max_bytes",
    "oom_kills": "oom_kills",
    "pressure": "pressure_percent",
}
"""Fields of the limits, by their keys in JSON."""


def limits_record(limits: Limits, mappings: Mappings | None) -> Record:
    """Record of limits, bytes, and of the number of mappings, which one of them limits."""
    group = limits.cgroup
    return {
        "mappings": None if mappings is None else count_mappings(mappings),
        "max_map_count": limits.max_map_count,
        "rlimits": {key: getattr(limits, name) for key, name in _RLIMITS.items()},
        "cgroup": group and {key: getattr(group, name) for key, name in _CGROUP.items()},
        "cgroup_missing": limits.cgroup_missing,
    }


def limits_of_record(record: Record) -> Limits:
    """Limits of a record.

    Raises:
        ValueError: A value is not of the type that it should be.
    """
    group = record.get("cgroup")
    if group is not None and not isinstance(group["path"], str):
        raise ValueError(f"{group['path']!r} is not a path")
    return Limits(
        max_map_count=_amount(record.get("max_map_count")),
        **{name: _amount(record["rlimits"].get(key)) for key, name in _RLIMITS.items()},
        cgroup=group and CgroupMemory(**{name: _value(key, group.get(key)) for key, name in _CGROUP.items()}),
        cgroup_missing=None if record.get("cgroup_missing") is None else str(record["cgroup_missing"]),
    )


def _value(key: str, value: object) -> Any:
    """Check a value of a control group."""
    if key == "path":
        return value
    if key == "pressure":
        return None if value is None else float(str(value))
    return _amount(value)


def _amount(value: object) -> int | None:
    """Check that a value is an amount, or None.

    Raises:
        ValueError: It is neither.
    """
    if value is not None and (type(value) is not int or value < 0):
        raise ValueError(f"{value!r} is not an amount")
    return value
