"""Figures of small fleets."""

from typing import Any

from factories import cgroup_memory

from smapstop.model.fleet.figures import FleetFigures, MapFigures, ProcessFigures
from smapstop.proc.limits import Limits

SECOND_NS = 1_000_000_000
NOW_NS, NOW_S = 1_000 * SECOND_NS, 1_800_000_000.0
"""Now, monotonic and wall clock."""


def maps_of(**other: Any) -> MapFigures:
    """Mappings that were read two seconds ago."""
    usual: dict[str, Any] = {
        "read_ns": NOW_NS - 2 * SECOND_NS,
        "interval_ns": 5 * SECOND_NS,
        "mappings": 40,
        "groups": {"heap": {"rss": 8, "pss": 8, "uss": 8, "swap": 0}, "file": {"rss": 4, "pss": 1}},
        "pages": {("first-touch", True): 3, ("first-touch", False): 1, ("discard", True): 0},
        "limits": Limits(65_530, cgroup=cgroup_memory(oom_kills=2)),
    }
    return MapFigures(**(usual | other))


def process_of(**other: Any) -> ProcessFigures:
    """A process whose totals were read a second ago, without mappings."""
    usual: dict[str, Any] = {
        "process": "web",
        "slot": 0,
        "pid": 7,
        "name": "python3",
        "started_s": 1_799_999_000.25,
        "read_ns": NOW_NS - SECOND_NS,
        "totals": {"rss": 12, "pss": 9, "uss": 8, "swap_pss": 1},
        "minor_faults": 5,
        "major_faults": 0,
    }
    return ProcessFigures(**(usual | other))


def fleet_of(*processes: ProcessFigures, **other: Any) -> FleetFigures:
    """A fleet of the names web and db."""
    usual: dict[str, Any] = {
        "names": ("web", "db"),
        "processes": processes,
        "scanned_ns": NOW_NS - SECOND_NS,
        "interval_ns": 5 * SECOND_NS,
        "cost_ns": 250_000_000,
    }
    return FleetFigures(**(usual | other))
