"""Sharing in a family: mappings at the same address in several processes, their own shares, and who copied first."""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_stacks import BEYOND, IN_SYSTEM_CALL
from smapstop.model.callers.culprit import function_counts
from smapstop.model.labels import purpose_label
from smapstop.model.purposes import Purposes, purposes_of
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.callstack.frames import Frame

MappingKey = tuple[int, int]
"""Pid and mapping id."""
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
    of_file: bool = False
    """Whether they were pages of a file, or else copies of the parent's since a fork."""


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
    copiers: tuple[tuple[Frame, int], ...] = ()
    """Functions that made the page faults when pages were copied, in any of the processes, and how many; the most
    first, and `BEYOND` for those that are not known."""
    label: str = ""
    """What memory without a name is for, as far as that is known, with a `?` if it is a guess."""
    is_unchanged: bool = False
    """Whether it is known that none of the processes changed it since it is compared."""

    @property
    def own(self) -> int:
        """Memory of it that is somebody's own, kB."""
        return sum(part.own for part in self.parts.values())

    @property
    def is_quiet(self) -> bool:
        """Whether it says nothing of who broke the sharing: unchanged, and still shared by all."""
        return self.is_unchanged and not self.own


def shared_mappings(
    snapshots: Mapping[int, MapSnapshot], log: "CopyLog", since: Mapping[int, int] = MappingProxyType({})
) -> list[SharedMapping]:
    """Mappings at the same address, with the same name, in two processes or more; the most own memory first.

    Args:
        snapshots: Map of each process, by pid.
        log: What was copied by whom.
        since: The tick of each process with which it is compared, by pid; without one, all may have changed.
    """
    places: dict[tuple[int, str], dict[int, int]] = {}
    for pid, snapshot in snapshots.items():
        mappings, strings = snapshot.mappings, snapshot.mappings.strings
        for row, (start, name) in enumerate(zip(mappings.start.tolist(), mappings.name.tolist(), strict=True)):
            places.setdefault((start, strings[name]), {})[pid] = row
    columns = {pid: _Columns.of(snapshot) for pid, snapshot in snapshots.items()}
    labels = _Labels(snapshots)
    found = []
    for (start, title), rows in places.items():
        if len(rows) < 2 or not any(columns[pid].rss[row] for pid, row in rows.items()):
            continue
        parts = {pid: columns[pid].part(row) for pid, row in rows.items()}
        pid, row = next(iter(rows.items()))
        mappings = snapshots[pid].mappings
        keys = [(pid, part.mapping) for pid, part in parts.items()]
        size = (int(mappings.end[row]) - start) // 1024
        perms = mappings.perms_of(row)
        unchanged = all(pid in since and columns[pid].last_changed[row] <= since[pid] for pid, row in rows.items())
        first_copy, copiers = log.first_copy(keys), log.copiers(keys)
        label = "" if title else labels.text(pid, row)
        found.append(SharedMapping(start, title, perms, size, parts, first_copy, copiers, label, unchanged))
    return sorted(found, key=lambda each: (-each.own, each.start))


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Columns of a map that the parts are made of."""

    ids: list[int]
    rss: list[int]
    own: list[int]
    last_changed: list[int]
    """Tick at which each last changed."""

    @staticmethod
    def of(snapshot: MapSnapshot) -> "_Columns":
        """Columns of a snapshot; what was not printed counts as 0."""
        mappings, none = snapshot.mappings, np.zeros(len(snapshot.ids), np.int64)
        fields = [mappings.get(name) for name in ("rss", "private_clean", "private_dirty")]
        rss, clean, dirty = (none if column is None else np.maximum(column, 0) for column in fields)
        own, last_changed = (clean + dirty).tolist(), snapshot.last_changed.tolist()
        return _Columns(snapshot.ids.tolist(), rss.tolist(), own, last_changed)

    def part(self, row: int) -> Part:
        """The mapping in a row."""
        return Part(self.ids[row], self.rss[row], self.own[row])


class _Labels:
    """Labels of memory without a name, by the shapes in its process: at one address, forks have the same memory.

    Args:
        snapshots: Map of each process, by pid.
    """

    def __init__(self, snapshots: Mapping[int, MapSnapshot]) -> None:
        self._snapshots = snapshots
        self._purposes: dict[int, Purposes] = {}

    def text(self, pid: int, row: int) -> str:
        """Label of the memory in a row; empty if its purpose is not known."""
        snapshot = self._snapshots[pid]
        if pid not in self._purposes:
            threads = snapshot.reading_tick.counters.threads
            self._purposes[pid] = purposes_of(snapshot.mappings, threads=threads)
        purposes, strings = self._purposes[pid], snapshot.mappings.strings
        label = purpose_label(
            int(purposes.purpose[row]), strings[int(purposes.owner[row])], proven=bool(purposes.proven[row])
        )
        return str(label or "")


class CopyLog:
    """Who copied pages of each mapping first, and by which functions, as the timelines of processes grow."""

    def __init__(self) -> None:
        self._copies: dict[MappingKey, FirstCopy] = {}
        self._copiers: dict[MappingKey, Counter[Frame]] = {}
        self._read: dict[int, tuple[Timeline, int]] = {}

    def first_copy(self, keys: Iterable[MappingKey]) -> FirstCopy | None:
        """The earliest copy of pages of these mappings; None if there was none."""
        known = (self._copies[key] for key in keys if key in self._copies)
        return min(known, key=lambda copy: copy.wall_ns, default=None)

    def copiers(self, keys: Iterable[MappingKey]) -> tuple[tuple[Frame, int], ...]:
        """Functions that made the page faults of these mappings when pages were copied, and how many."""
        counts = sum((self._copiers[key] for key in keys if key in self._copiers), Counter[Frame]())
        return tuple(counts.most_common())

    def update(self, pid: int, timeline: Timeline) -> None:
        """Process the new ticks of a process."""
        known, next_number = self._read.get(pid, (timeline, 0))
        if known is not timeline:  # sampled from its start again
            next_number = 0
        for number in range(max(next_number, timeline.oldest), len(timeline)):
            tick = timeline.header(number)
            for event in tick.events:
                if event.what in _COPIES:
                    key = pid, event.mapping
                    first = FirstCopy(
                        pid, tick.wall_ns, event.pages, event.sure, event.names, event.what == "copy-on-write"
                    )
                    self._copies.setdefault(key, first)
                    faults = timeline.faults.since_reading(number)
                    if faults is not None:
                        counts = self._copiers.setdefault(key, Counter())
                        for frame, count in function_counts(faults, event.mapping).items():
                            counts[_function_of(frame)] += count
        self._read[pid] = timeline, len(timeline)

    def forget(self, pid: int) -> None:
        """Forget a process."""
        self._read.pop(pid, None)
        for known in (self._copies, self._copiers):
            for key in [key for key in known if key[0] == pid]:
                del known[key]


def _function_of(frame: Frame) -> Frame:
    """The function of a frame: without its line, and without its place in the code if it has a name."""
    if frame in (BEYOND, IN_SYSTEM_CALL):
        return BEYOND
    return frame._replace(source=None, offset=0 if frame.name else frame.offset)
