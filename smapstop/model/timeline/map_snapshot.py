"""A moment: the whole map as it was at a tick, and how a tick leads from one moment to the next."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import find_rows, merge_by_address, visibly_changed
from smapstop.model.tick import Ids, Tick
from smapstop.proc.columns import Mappings


@dataclass(frozen=True, slots=True, eq=False)
class MapSnapshot:
    """The whole map of the process as it was at a tick."""

    tick: Tick
    ids: Ids
    """Id of each mapping, shape (n,)."""
    mappings: Mappings
    """Every mapping then, in address order."""
    last_changed: NDArray[np.int64]
    """The tick at which each mapping last changed, shape (n,); -1 when it has not since it was first seen."""
    reading_tick: Tick
    """The tick that read the mappings: `tick` itself, or an earlier one when the budget forbade it."""

    def row_of(self, mapping: int) -> int | None:
        """The row of a mapping by its id; None when it was not there."""
        rows = np.flatnonzero(self.ids == mapping)
        return int(rows[0]) if len(rows) else None


def apply_tick(moment: MapSnapshot | None, tick: Tick) -> MapSnapshot:
    """The moment after a tick, from the moment before it. A tick that read nothing leaves the map as it was."""
    if tick.keyframe:
        return MapSnapshot(tick, tick.ids, tick.rows, _last_changed(moment, tick), tick)
    if moment is None:
        raise ValueError("the first tick must be a keyframe")
    read = tick if tick.has_mappings else moment.reading_tick
    if not len(tick.ids) and not len(tick.gone):
        return replace(moment, tick=tick, reading_tick=read)
    rows = find_rows(moment.ids, tick.ids)
    moved = _last_changed(moment, tick)
    if (rows >= 0).all() and not len(tick.gone):
        in_place = _overwrite_rows(moment, rows, moved, tick, read)
        if in_place is not None:
            return in_place
    keep = np.ones(len(moment.ids), bool)
    keep[rows[rows >= 0]] = False
    keep &= ~np.isin(moment.ids, tick.gone)
    stays = np.concatenate([np.flatnonzero(keep), len(keep) + np.arange(len(rows))])
    mappings, order = merge_by_address((moment.mappings, tick.rows), stays)
    ids = np.concatenate([moment.ids, tick.ids])
    all_moved = np.concatenate([moment.last_changed, moved])
    return MapSnapshot(tick, ids[order], mappings, all_moved[order], read)


def _last_changed(moment: MapSnapshot | None, tick: Tick) -> NDArray[np.int64]:
    """When each row of a tick last moved: at this tick, unless it is as a person would call unchanged."""
    if moment is None or tick.executed:
        return np.full(len(tick.ids), -1, np.int64)
    moved = np.full(len(tick.ids), tick.number, np.int64)
    rows = find_rows(moment.ids, tick.ids)
    known = np.flatnonzero(rows >= 0)
    same = ~visibly_changed(moment.mappings, rows[known], tick.rows, known)
    moved[known[same]] = moment.last_changed[rows[known[same]]]
    return moved


def _overwrite_rows(
    moment: MapSnapshot, rows: NDArray[np.intp], moved: NDArray[np.int64], tick: Tick, read: Tick
) -> MapSnapshot | None:
    """The moment with some rows replaced where they stand; None when their addresses or the fields changed."""
    old, new = moment.mappings, tick.rows
    stays = np.array_equal(old.start[rows], new.start) and np.array_equal(old.end[rows], new.end)
    if not stays or old.fields != new.fields:
        return None
    columns = {}
    for name in ("offset", "inode", "perms", "device", "name", "flags"):
        column, changed = getattr(old, name), getattr(new, name)
        if not np.array_equal(column[rows], changed):
            column = column.copy()
            column[rows] = changed
        columns[name] = column
    amounts = old.amounts.copy()
    amounts[:, rows] = new.amounts
    all_moved = moment.last_changed.copy()
    all_moved[rows] = moved
    mappings = Mappings(
        start=old.start, end=old.end, fields=old.fields, amounts=amounts, strings=old.strings, **columns
    )
    return MapSnapshot(tick, moment.ids, mappings, all_moved, read)
