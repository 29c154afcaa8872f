"""A delta: what a tick changed in the moment before it, also when it tells the whole map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import find_rows, rows_differ
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import Mappings, StringTable

TickNumbers = NDArray[np.int64]
"""Ordinals of ticks."""
RowLayout = tuple[tuple[str, ...], StringTable]
"""The fields of rows, and what their codes mean: the same for all rows that are packed together."""


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """What a tick changed: its rows; of a keyframe those that differ from the moment before."""

    number: int
    ids: Ids
    rows: Mappings
    last_changed: TickNumbers
    """When each of the rows last moved; see `Moment.moved`."""
    gone: Ids
    is_full: bool = False
    """The map begins anew: the rows do not tell it, only the whole moment does."""

    @property
    def layout(self) -> RowLayout | None:
        """The layout of its rows; None when it changes nothing."""
        return (self.rows.fields, self.rows.strings) if len(self.ids) or len(self.gone) else None


def delta_of(before: MapSnapshot | None, after: MapSnapshot) -> Delta:
    """What the tick of a moment changed in the moment before it."""
    tick = after.tick
    if not tick.keyframe:
        moved = after.last_changed[find_rows(after.ids, tick.ids)]
        return Delta(tick.number, tick.ids, tick.rows, moved, tick.gone)
    rows = _match_keyframe_rows(before, tick)
    changed = np.zeros(len(tick.ids), bool)
    if before is not None and rows is not None:
        changed |= rows < 0
        known = np.flatnonzero(rows >= 0)
        changed[known] = rows_differ(before.mappings, rows[known], tick.rows, known)
    return Delta(
        number=tick.number,
        ids=tick.ids[changed],
        rows=tick.rows.take(changed),
        last_changed=after.last_changed[changed],
        gone=tick.gone,
        is_full=rows is None,
    )


def _match_keyframe_rows(before: MapSnapshot | None, tick: Tick) -> NDArray[np.intp] | None:
    """The row that each row of a keyframe had in the moment before; None when it does not follow from that."""
    if before is None or tick.executed:
        return None
    old, new = before.mappings, tick.rows
    if old.strings is not new.strings or old.fields != new.fields or not (new.start[1:] > new.start[:-1]).all():
        return None
    rows = find_rows(before.ids, tick.ids)
    stays = np.zeros(len(before.ids), bool)
    stays[rows[rows >= 0]] = True
    return rows if np.array_equal(np.sort(before.ids[~stays]), np.sort(tick.gone)) else None
