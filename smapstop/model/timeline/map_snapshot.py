"""Map snapshot: the whole memory map at a tick, and how a tick changes it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.mapping_rows import find_rows, merge_by_address, visibly_changed
from smapstop.model.tick import Ids, Tick
from smapstop.proc.columns import Mappings


@dataclass(frozen=True, slots=True, eq=False)
class MapSnapshot:
    """The whole memory map of the process at a tick."""

    tick: Tick
    ids: Ids
    """Id of each mapping, shape (n,)."""
    mappings: Mappings
    """All n mappings at that tick, in address order."""
    last_changed: NDArray[np.int64]
    """Tick at which each mapping last changed visibly, shape (n,); -1 if not since the first tick or an exec."""
    reading_tick: Tick
    """Tick that read the mappings: `tick`, or an earlier one when `tick` did not read them."""

    def row_of(self, mapping: int) -> int | None:
        """Row of a mapping by its id; None when it did not exist."""
        rows = np.flatnonzero(self.ids == mapping)
        return int(rows[0]) if len(rows) else None


def apply_tick(snapshot: MapSnapshot | None, tick: Tick) -> MapSnapshot:
    """Apply a tick to the snapshot before it; a tick that read no mappings leaves the map as it was.

    Raises:
        ValueError: The first tick is not a keyframe.
    """
    if tick.keyframe:
        return MapSnapshot(tick, tick.ids, tick.rows, _last_changed(snapshot, tick), tick)
    if snapshot is None:
        raise ValueError("the first tick must be a keyframe")
    read = tick if tick.has_mappings else snapshot.reading_tick
    if not len(tick.ids) and not len(tick.gone):
        return replace(snapshot, tick=tick, reading_tick=read)
    rows = find_rows(snapshot.ids, tick.ids)
    changed_at = _last_changed(snapshot, tick)
    if (rows >= 0).all() and not len(tick.gone):
        in_place = _overwrite_rows(snapshot, rows, changed_at, tick, read)
        if in_place is not None:
            return in_place
    unchanged = np.ones(len(snapshot.ids), bool)
    unchanged[rows[rows >= 0]] = False
    unchanged &= ~np.isin(snapshot.ids, tick.gone)
    selected = np.concatenate([np.flatnonzero(unchanged), len(unchanged) + np.arange(len(rows))])
    mappings, order = merge_by_address((snapshot.mappings, tick.rows), selected)
    ids = np.concatenate([snapshot.ids, tick.ids])
    last_changed = np.concatenate([snapshot.last_changed, changed_at])
    return MapSnapshot(tick, ids[order], mappings, last_changed[order], read)


def _last_changed(before: MapSnapshot | None, tick: Tick) -> NDArray[np.int64]:
    """Tick at which each row of a tick last changed: this tick, unless it is not `visibly_changed`."""
    if before is None or tick.executed:
        return np.full(len(tick.ids), -1, np.int64)
    last_changed = np.full(len(tick.ids), tick.number, np.int64)
    rows = find_rows(before.ids, tick.ids)
    known = np.flatnonzero(rows >= 0)
    same = ~visibly_changed(before.mappings, rows[known], tick.rows, known)
    last_changed[known[same]] = before.last_changed[rows[known[same]]]
    return last_changed


def _overwrite_rows(
    before: MapSnapshot, rows: NDArray[np.intp], changed_at: NDArray[np.int64], tick: Tick, read: Tick
) -> MapSnapshot | None:
    """Replace some rows of a snapshot in place; None when their addresses, or the fields, changed."""
    old, new = before.mappings, tick.rows
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
    last_changed = before.last_changed.copy()
    last_changed[rows] = changed_at
    mappings = Mappings(
        start=old.start, end=old.end, fields=old.fields, amounts=amounts, strings=old.strings, **columns
    )
    return MapSnapshot(tick, before.ids, mappings, last_changed, read)
