"""Who broke the sharing: mappings at the same address in several processes, and what share of each is its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.history.culprits import Culprit, culprit_of
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.timeline import Timeline

_COPIES = ("copy-on-write", "copy-on-write-after-fork")
"""Mechanisms by which a process gets pages of its own instead of shared ones."""


@dataclass(frozen=True, slots=True)
class Part:
    """One mapping in one process."""

    mapping: int
    """Its id there."""
    rss: int
    """kB."""
    own: int
    """Resident memory that only this process maps, kB."""

    @property
    def share(self) -> float | None:
        """Share of the resident memory that is its own; None if nothing is resident."""
        return self.own / self.rss if self.rss else None


@dataclass(frozen=True, slots=True)
class FirstCopy:
    """The first of the family that copied pages of a mapping."""

    pid: int
    wall_ns: int
    pages: int
    sure: bool
    names: tuple[str, ...]
    """Names of the variables on them, as far as they are known."""
    culprit: Culprit | None = None
    """The function whose doing it was; None if that is not known."""


@dataclass(frozen=True, slots=True)
class SharedMapping:
    """A mapping at the same address in several processes."""

    start: int
    name: str
    """As the kernel prints it."""
    perms: str
    size: int
    """kB."""
    parts: Mapping[int, Part]
    """The mapping in each process that has it, by pid."""
    first_copy: FirstCopy | None
    """None if nobody has copied pages since the processes are sampled."""

    @property
    def own(self) -> int:
        """Memory of it that is somebody's own, kB."""
        return sum(part.own for part in self.parts.values())


def shared_mappings(
    snapshots: Mapping[int, MapSnapshot], copies: Mapping[tuple[int, int], FirstCopy]
) -> list[SharedMapping]:
    """Mappings at the same address, with the same name, in two processes or more; the most own memory first.

    Args:
        snapshots: Map of each process, by pid.
        copies: First copies, by pid and mapping id, see `CopyLog`.
    """
    places: dict[tuple[int, str], dict[int, int]] = {}
    for pid, snapshot in snapshots.items():
        for row, start in enumerate(snapshot.mappings.start.tolist()):
            places.setdefault((start, snapshot.mappings.name_of(row)), {})[pid] = row
    columns = {pid: _Columns.of(snapshot) for pid, snapshot in snapshots.items()}
    found = []
    for (start, name), rows in places.items():
        if len(rows) < 2:
            continue
        parts = {pid: columns[pid].part(row) for pid, row in rows.items()}
        if not any(part.rss for part in parts.values()):
            continue
        pid, row = next(iter(rows.items()))
        mappings = snapshots[pid].mappings
        first = [copies[pid, part.mapping] for pid, part in parts.items() if (pid, part.mapping) in copies]
        size = (int(mappings.end[row]) - start) // 1024
        earliest = min(first, key=lambda copy: copy.wall_ns, default=None)
        found.append(SharedMapping(start, name, mappings.perms_of(row), size, parts, earliest))
    return sorted(found, key=lambda each: (-each.own, each.start))


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Columns of a map that the parts are made of."""

    ids: NDArray[np.int64]
    rss: NDArray[np.int64]
    own: NDArray[np.int64]

    @staticmethod
    def of(snapshot: MapSnapshot) -> "_Columns":
        """Columns of a snapshot; what was not printed counts as 0."""
        mappings, none = snapshot.mappings, np.zeros(len(snapshot.ids), np.int64)
        fields = [mappings.get(name) for name in ("rss", "private_clean", "private_dirty")]
        rss, clean, dirty = (none if column is None else np.maximum(column, 0) for column in fields)
        return _Columns(snapshot.ids, rss, clean + dirty)

    def part(self, row: int) -> Part:
        """The mapping in a row."""
        return Part(int(self.ids[row]), int(self.rss[row]), int(self.own[row]))


class CopyLog:
    """The first copies of pages of each mapping, as the timelines of processes grow."""

    def __init__(self) -> None:
        self.copies: dict[tuple[int, int], FirstCopy] = {}
        """By pid and mapping id."""
        self._read: dict[int, tuple[Timeline, int]] = {}

    def update(self, pid: int, timeline: Timeline) -> None:
        """Look through the ticks of a process that are new."""
        known, next_number = self._read.get(pid, (timeline, 0))
        if known is not timeline:  # sampled anew
            next_number = 0
        for number in range(max(next_number, timeline.oldest), len(timeline)):
            tick = timeline.header(number)
            for event in tick.events:
                if event.what in _COPIES:
                    key = pid, event.mapping
                    if key not in self.copies:
                        culprit = culprit_of(tick, event.mapping, (event,))
                        self.copies[key] = FirstCopy(pid, tick.wall_ns, event.pages, event.sure, event.names, culprit)
        self._read[pid] = timeline, len(timeline)
