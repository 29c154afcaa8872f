"""Counter tracks of a trace: totals, and mappings that changed. A track starts with its first value."""

from collections.abc import Iterator

import numpy as np

from smapstop.export.steps import RowIndices, Step, changed_rows, gone_rows
from smapstop.model.history.log_entry import MappingRef
from smapstop.model.history.mapping_history import MappingState
from smapstop.model.kinds import Kind
from smapstop.model.mapping_rows import find_rows
from smapstop.model.protocol import Target
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.rates import cpu_share, fault_rates
from smapstop.proc.columns import ABSENT
from smapstop.report.json_fields import Record
from smapstop.text.format import printable

TRACKED = ("rss", "private_dirty", "anonymous", "swap")
"""Fields of a mapping that get a track when they change. Pss is not one: other processes change it, too."""


def counter(name: str, unit: str, at: tuple[int, float], value: float) -> Record:
    """Counter event with a value of a track.

    Args:
        name: Name of the track.
        unit: Unit of the value.
        at: Pid, and time in microseconds.
        value: Value until the next event.
    """
    pid, ts = at
    return {"ph": "C", "pid": pid, "ts": ts, "name": name, "args": {unit: value}}


class TotalTracks:
    """Tracks of the process as a whole; a total that has always been 0 has none."""

    def __init__(self, target: Target | None) -> None:
        self._ticks_per_second = target.clock_ticks if target else None
        self._last: dict[tuple[str, str], tuple[tuple[int, float], float]] = {}
        self._started: set[tuple[str, str]] = set()

    def update(self, step: Step, at: tuple[int, float]) -> Iterator[Record]:
        """Counter events for the totals that a step changed."""
        if step.tick.ending is None:
            for track, value in self._values(step).items():
                yield from self._append_value(track, at, value)

    def _values(self, step: Step) -> dict[tuple[str, str], float]:
        """Totals of a step, by name and unit; the parentheses make them sort first in viewers."""
        tick, before = step.tick, step.before
        values: dict[tuple[str, str], float] = {(name, "kB"): kb for name, kb in tick.totals.items()}
        if step.after.reading_tick is tick:
            values["mappings", "count"] = len(step.after.ids)
        rates = fault_rates(before.tick, tick) if before else None
        if rates:
            values["minor faults", "per s"], values["major faults", "per s"] = (round(rate, 2) for rate in rates)
        share = cpu_share(before.tick, tick, self._ticks_per_second) if before and self._ticks_per_second else None
        if share is not None:
            values["cpu", "percent"] = round(100 * share, 2)
        return {(f"(process) {name}", unit): value for (name, unit), value in values.items()}

    def _append_value(self, track: tuple[str, str], at: tuple[int, float], value: float) -> Iterator[Record]:
        """Counter event for the next value of a track; before the first one also the 0 that preceded it."""
        last = self._last.get(track)
        if last and last[1] == value:
            return
        self._last[track] = at, value
        if track not in self._started:
            if not last and not value:
                return
            self._started.add(track)
            if last:
                yield counter(*track, *last)
        yield counter(*track, at, value)


class MappingTracks:
    """Tracks of mappings that changed after the first step: one for each field that did."""

    def __init__(self) -> None:
        self._unchanged_since: dict[int, tuple[int, float]] = {}
        """Time since which the fields of each mapping without a track have not changed."""
        self._names: dict[int, str] = {}
        self._started: dict[int, list[str]] = {}
        """Fields that have tracks, by mapping."""
        self._taken_names: set[str] = set()
        """Track names in use."""

    def update(self, step: Step, at: tuple[int, float]) -> Iterator[Record]:
        """Counter events for the values that a step changed, and zeros for mappings that are gone."""
        before, after = step.before, step.after
        if before is not None:
            yield from self._end(before, gone_rows(before, after), at)
        rows = changed_rows(step)
        ids = after.ids[rows]
        shown = step.shown_mask(ids)
        if before is None or step.first or step.tick.executed:
            shown[:] = False
        else:
            yield from self._changed_values(before, after, rows[shown], at)
        old = find_rows(before.ids, ids) if before else np.full(len(ids), -1)
        self._unchanged_since |= dict.fromkeys(ids[~shown | (old < 0)].tolist(), at)

    def _end(self, before: MapSnapshot, gone: RowIndices, at: tuple[int, float]) -> Iterator[Record]:
        """Drop mappings; their tracks fall to 0."""
        for mapping, start in zip(before.ids[gone].tolist(), before.mappings.start[gone].tolist(), strict=True):
            self._unchanged_since.pop(mapping, None)
            name = self._names.pop(mapping, "")
            if name.endswith(f" {start:x}"):  # after a move, another mapping may have this name
                self._taken_names.discard(name)
            for field in self._started.pop(mapping, ()):
                yield counter(f"{name} {field}", "kB", at, 0)

    def _changed_values(
        self, before: MapSnapshot, after: MapSnapshot, rows: RowIndices, at: tuple[int, float]
    ) -> Iterator[Record]:
        """Counter events for the fields that changed in some rows of the map; new mappings count from 0."""
        old = find_rows(before.ids, after.ids[rows])
        for field in TRACKED:
            now, was = after.mappings.get(field), before.mappings.get(field)
            if now is None or was is None:
                continue
            values, befores = now[rows], np.zeros(len(rows), np.int64)
            befores[old >= 0] = was[old[old >= 0]]
            for at_row in np.flatnonzero((values != befores) & (values != ABSENT) & (befores != ABSENT)).tolist():
                row = int(rows[at_row])
                mapping = int(after.ids[row])
                started = self._started.setdefault(mapping, [])
                name = self._name(mapping, MappingState(after.mappings, row).ref)
                if field not in started:
                    started.append(field)
                    if old[at_row] >= 0:
                        yield counter(f"{name} {field}", "kB", self._unchanged_since[mapping], int(befores[at_row]))
                yield counter(f"{name} {field}", "kB", at, int(values[at_row]))

    def _name(self, mapping: int, ref: MappingRef) -> str:
        """Name of a mapping's tracks; it never changes, and is unique among the mappings that have tracks."""
        name = self._names.get(mapping)
        if name is None:
            name = f"{short_name(ref)} {ref.start:x}"
            if name in self._taken_names:
                name = f"{name} #{mapping}"
            self._names[mapping] = name
            self._taken_names.add(name)
        return name


def short_name(ref: MappingRef) -> str:
    """Short name of a mapping; for a file its base name and likely section."""
    if ref.kind is Kind.FILE or ref.section:
        return f"{printable(ref.name[ref.name.rfind('/') + 1 :])} {ref.section}".rstrip()
    return printable(ref.name) or "anon"
