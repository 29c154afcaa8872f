"""Counter tracks of a trace: of the totals, and of the mappings that moved. A track begins with its first value."""

from collections.abc import Iterator

import numpy as np

from smapstop.export.steps import RowIndices, Step, changed_rows, gone_rows
from smapstop.model.history.log_entry import MappingRef
from smapstop.model.history.mapping_history import MappingState
from smapstop.model.kinds import Kind, kind_of, likely_section
from smapstop.model.mapping_rows import find_rows
from smapstop.model.protocol import Target
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.rates import cpu_share, fault_rates
from smapstop.proc.columns import ABSENT
from smapstop.report.json_fields import Record
from smapstop.text.format import printable

TRACKED = ("rss", "private_dirty", "anonymous", "swap")
"""The fields of a mapping that have a track when they move. Pss moves by other processes, too."""


def counter(name: str, unit: str, at: tuple[int, float], value: float) -> Record:
    """A value of a track.

    Args:
        name: The name of the track.
        unit: What the value is of.
        at: The process, and when, microseconds.
        value: The value, until the next one.
    """
    pid, ts = at
    return {"ph": "C", "pid": pid, "ts": ts, "name": name, "args": {unit: value}}


class TotalTracks:
    """The tracks of the process as a whole. What has always been 0 has none."""

    def __init__(self, target: Target | None) -> None:
        self._ticks_per_second = target.clock_ticks if target else None
        self._last: dict[tuple[str, str], tuple[tuple[int, float], float]] = {}
        self._started: set[tuple[str, str]] = set()

    def update(self, step: Step, at: tuple[int, float]) -> Iterator[Record]:
        """The values that a step changed."""
        if step.tick.ending is None:
            for track, value in self._values(step).items():
                yield from self._append_value(track, at, value)

    def _values(self, step: Step) -> dict[tuple[str, str], float]:
        """What a step says, by name and unit; viewers sort by name, and with brackets these come first."""
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
        """The next value of a track; the one before it, too, when that was 0 until now."""
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
    """The tracks of mappings that moved after the first step: one for each field that did."""

    def __init__(self) -> None:
        self._unchanged_since: dict[int, tuple[int, float]] = {}
        """From when on each mapping was as it is where it has no track."""
        self._names: dict[int, str] = {}
        self._started: dict[int, list[str]] = {}
        """The fields that have tracks, by mapping."""
        self._taken_names: set[str] = set()
        """Names that another mapping must not get."""

    def update(self, step: Step, at: tuple[int, float]) -> Iterator[Record]:
        """The values that a step changed, and zeros for what is gone."""
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
        """Forget mappings; their tracks fall to 0."""
        for mapping, start in zip(before.ids[gone].tolist(), before.mappings.start[gone].tolist(), strict=True):
            self._unchanged_since.pop(mapping, None)
            name = self._names.pop(mapping, "")
            if name.endswith(f" {start:x}"):  # one that moved leaves its name where somebody else may be by now
                self._taken_names.discard(name)
            for field in self._started.pop(mapping, ()):
                yield counter(f"{name} {field}", "kB", at, 0)

    def _changed_values(
        self, before: MapSnapshot, after: MapSnapshot, rows: RowIndices, at: tuple[int, float]
    ) -> Iterator[Record]:
        """The fields that changed in some rows of the map, or that mappings were born with."""
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
                begun = self._started.setdefault(mapping, [])
                name = self._name(mapping, MappingState(after.mappings, row).ref)
                if field not in begun:
                    begun.append(field)
                    if old[at_row] >= 0:
                        yield counter(f"{name} {field}", "kB", self._unchanged_since[mapping], int(befores[at_row]))
                yield counter(f"{name} {field}", "kB", at, int(values[at_row]))

    def _name(self, mapping: int, face: MappingRef) -> str:
        """The name of the tracks of a mapping, which stays, and is no other's while it has them."""
        name = self._names.get(mapping)
        if name is None:
            name = f"{short_name(face)} {face.start:x}"
            if name in self._taken_names:
                name = f"{name} #{mapping}"
            self._names[mapping] = name
            self._taken_names.add(name)
        return name


def short_name(face: MappingRef) -> str:
    """What a mapping is called in a few words: of a file its name and the part that it probably is."""
    kind = kind_of(face.name)
    if kind is Kind.FILE:
        return f"{printable(face.name[face.name.rfind('/') + 1 :])} {likely_section(face.perms)}".rstrip()
    return printable(face.name) or "anon"
