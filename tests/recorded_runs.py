"""Recordings of a run that is written in the test: a service whose heap grows by 100 K a second."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from export_helpers import record_ticks
from factories import COUNTERS, cgroup_memory, faults_of, mappings_of, tick_of
from model.family.readings import reading_of

from smapstop.export.html.recorded_run import RecordedRun, read_run
from smapstop.model.events import MECHANISMS, NO_EVENTS, Events
from smapstop.model.family.reading import FamilyReading
from smapstop.model.tick import ExitStatus, LifecycleEvent, LifecycleKind, Tick
from smapstop.proc.columns import StringTable
from smapstop.proc.limits import Limits

HEAP, LIBRARY, BUFFER = 1, 2, 3
GROWTH_KB = 100
_BUFFER_LIFE: dict[int, LifecycleKind] = {3: "map", 4: "unmap"}


def service_ticks(
    count: int = 8,
    *,
    library: str = "/usr/lib/libfoo.so",
    name: str = "service",
    stack: str = "",
    growth: int = GROWTH_KB,
) -> list[Tick]:
    """Ticks of the service; at tick 3 it has a buffer of 2 MiB, and at the last it has exited."""
    stack = stack or "remember@service.c:9 < parse < main"
    limits = Limits(
        max_map_count=65530, cgroup=cgroup_memory(max_bytes=4 << 20, current_bytes=3 << 20, cache_bytes=0)
    )
    ticks = [_tick(number, library, stack, growth) for number in range(count)]
    counters = replace(COUNTERS, name=name)
    ticks = [replace(tick, counters=counters, limits=limits) for tick in ticks]
    return [*ticks[:-1], replace(ticks[-1], ending=ExitStatus(3))]


def _tick(number: int, library: str, stack: str, growth: int) -> Tick:
    heap, has_buffer = 400 + growth * number, number == 3
    names = [(1, 1000, "rw-p", "[heap]", heap), (2000, 2100, "r-xp", library, 80)]
    names += [(3000, 3600, "rw-p", "", 2048)] if has_buffer else []
    ids = [HEAP, LIBRARY, BUFFER][: len(names)]
    anonymous = [heap, 0, 2048][: len(names)]
    rows = mappings_of(*names, texts=_TEXTS, private_dirty=anonymous, private_clean=[0, 80, 0][: len(names)])
    total = sum(anonymous) + 80
    what = np.array([MECHANISMS.index("first-touch")] * (1 + has_buffer), np.int8)
    events = Events(
        np.array(ids)[[0, -1] if has_buffer else [0]], what, np.array([growth, 2048][: len(what)]), what == what[0]
    )
    return tick_of(
        number,
        rows,
        ids,
        keyframe=True,
        events=events if number and growth else NO_EVENTS,
        gone=[BUFFER] if number == 4 else [],
        lineage=(LifecycleEvent(_BUFFER_LIFE[number], BUFFER),) if number in _BUFFER_LIFE else (),
        faults=faults_of((HEAP, stack, 25), (LIBRARY, "ld.so:map", 1)) if number else None,
        totals={"rss": total, "rss_anon": total - 80, "rss_file": 80, "rss_shmem": 0, "uss": total, "pss": total - 8},
    )


_TEXTS = StringTable()


def record_service(path: Path, *, family: Iterable[FamilyReading] = (), **other: Any) -> Path:
    """A recording of the service."""
    return record_ticks(path, *service_ticks(**other), family=family)


def read_service(directory: Path, **other: Any) -> RecordedRun:
    """The service, recorded and read."""
    return read_run(record_service(directory / "service.smaps", **other))


def family_readings() -> list[FamilyReading]:
    """The service and a worker, which ends before the last reading."""
    amounts = {
        "rss": 900,
        "pss": 500,
        "private_clean": 0,
        "private_dirty": 300,
        "shared_dirty": 400,
        "shared_clean": 200,
    }
    larger = amounts | {"pss": 700, "private_dirty": 500}
    return [
        reading_of(1, {4711: amounts, 4712: amounts}, new=(4711, 4712)),
        reading_of(3, {4711: larger, 4712: larger}),
        reading_of(6, {4711: amounts}),
    ]
