"""Select the ticks of a recording to export, and find what each one changed."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.page_faults import PageFaults, sum_faults
from smapstop.model.family.members import Members, members_after, with_all_members
from smapstop.model.family.reading import FamilyReading
from smapstop.model.mapping_rows import find_rows, rows_differ
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_diff import diff_maps
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.view.filter import RowFilter
from smapstop.model.view.table_data import RemovedRows, build_table, with_removed

RowIndices = NDArray[np.intp]
"""Rows of a memory map."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """An exported tick, with the snapshots before and after it."""

    before: MapSnapshot | None
    """None for the first tick of the recording."""
    after: MapSnapshot
    faults: PageFaults | None
    """Page faults since the mappings were read before the tick; None if they were not watched."""
    seconds: float
    """Seconds since the first tick of the recording."""
    first: bool
    """Whether it is the first exported tick: it contains every mapping."""
    family: tuple[FamilyReading, ...]
    """Readings of the family from this tick to the next."""
    shown_ids: Ids | None
    """Mappings that pass the filter, including those that are gone; None for all."""

    @property
    def tick(self) -> Tick:
        """The exported tick."""
        return self.after.tick

    def shown_mask(self, ids: Ids) -> NDArray[np.bool_]:
        """Mask of the mappings that pass the filter."""
        return np.ones(len(ids), bool) if self.shown_ids is None else np.isin(ids, self.shown_ids)


def steps(
    ticks: Iterable[Tick],
    file: str,
    begin: float = 0.0,
    end: float = math.inf,
    row_filter: RowFilter | None = None,
    family: Iterable[FamilyReading] = (),
) -> Iterator[Step]:
    """Select the ticks from `begin` to `end`, in seconds after the first one.

    Args:
        ticks: All ticks of the recording.
        file: File name for errors.
        begin: First second.
        end: Last second.
        row_filter: Mappings to export; None for all.
        family: All readings of its family.

    Raises:
        SmapstopError: There are no such ticks, or the filter uses a field that the recording does not have.
    """
    snapshot, first_ns, seconds, first = None, 0, 0.0, True
    members: Members | None = {}  # of the family before the first reading that is exported; None after that
    faults: PageFaults | None = None
    for tick, readings in _with_family(ticks, family):
        before, snapshot = snapshot, apply_tick(snapshot, tick)
        faults = tick.faults if before is None or before.tick.has_mappings else _sum(faults, tick.faults)
        first_ns = tick.monotonic_ns if before is None else first_ns
        seconds = (tick.monotonic_ns - first_ns) / 1e9
        if seconds > end:
            break
        if seconds < begin:
            for reading in readings:
                members = members_after(members or {}, reading)
        else:
            readings = [each for each in readings if (each.monotonic_ns - first_ns) / 1e9 <= end]
            if readings and members is not None:
                readings[0], members = with_all_members(members, readings[0]), None
            yield Step(
                before,
                snapshot,
                faults,
                seconds,
                first,
                tuple(readings),
                None if row_filter is None else _passing_ids(before, snapshot, row_filter),
            )
            first = False
    if snapshot is None:
        raise SmapstopError(f"{file!r} has no ticks", "the process may have ended before the recording started")
    if first:
        what = f"no tick of {file!r} is from {begin:g} to {end:g} seconds after its start"
        raise SmapstopError(what, f"there is one at {seconds:.1f}")


def _sum(*parts: PageFaults | None) -> PageFaults | None:
    """Sum up the page faults of ticks, some of which may have none."""
    return sum_faults(part for part in parts if part is not None)


def _with_family(
    ticks: Iterable[Tick], family: Iterable[FamilyReading]
) -> Iterator[tuple[Tick, list[FamilyReading]]]:
    """Each tick with the readings of the family until the next one; the first also with those before it."""
    readings = iter(family)
    reading = next(readings, None)
    for tick, following in pairwise(chain(ticks, (None,))):
        taken = []
        while reading is not None and (following is None or reading.monotonic_ns < following.monotonic_ns):
            taken.append(reading)
            reading = next(readings, None)
        assert tick is not None, "only the last is"
        yield tick, taken


def _passing_ids(before: MapSnapshot | None, after: MapSnapshot, row_filter: RowFilter) -> Ids:
    """Ids of the mappings that pass the filter, in their new state, or in their last state if they are gone."""
    diff = diff_maps(before or after, after)
    removed = RemovedRows(diff.before, diff.gone_rows, np.full(len(diff.gone_rows), after.tick.number))
    table = with_removed(build_table(diff, diff, "rss"), diff, removed)
    return table.ids[row_filter(table)]


def changed_rows(step: Step) -> RowIndices:
    """Rows of the map that a step changed or added, in address order; all rows for the first step and after exec."""
    tick, before, after = step.tick, step.before, step.after
    if step.first or before is None or tick.executed:
        return np.arange(len(after.ids))
    if not tick.keyframe:
        return find_rows(after.ids, tick.ids)
    old = find_rows(before.ids, after.ids)
    known = np.flatnonzero(old >= 0)
    changed = np.ones(len(old), bool)
    changed[known] = rows_differ(before.mappings, old[known], after.mappings, known)
    return np.flatnonzero(changed)


def gone_rows(before: MapSnapshot, after: MapSnapshot) -> RowIndices:
    """Rows of a map whose mappings are gone in the next snapshot."""
    tick = after.tick
    if not tick.keyframe and not len(tick.gone):
        return np.zeros(0, np.intp)
    return diff_maps(before, after).gone_rows
