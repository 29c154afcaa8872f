"""Delta of a tick: the rows that differ from the snapshot before it, even if the tick has all rows (keyframe)."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.mapping_rows import find_rows, rows_differ
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import Mappings, StringTable

TickNumbers = NDArray[np.int64]
"""Ordinals of ticks."""
RowLayout = tuple[tuple[str, ...], StringTable]
"""Fields and string table of rows: the same for all rows that are packed together."""


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """Changes of a tick: its rows; for a keyframe, those that differ from the snapshot before."""

    number: int
    ids: Ids
    rows: Mappings
    last_changed: TickNumbers
    """Tick at which each row last changed; see `MapSnapshot.last_changed`."""
    gone: Ids
    is_full: bool = False
    """The map does not follow from the snapshot before: it must be stored whole."""

    @property
    def layout(self) -> RowLayout | None:
        """Layout of the rows; None when nothing changed."""
        return (self.rows.fields, self.rows.strings) if len(self.ids) or len(self.gone) else None


def delta_of(before: MapSnapshot | None, after: MapSnapshot) -> Delta:
    """Compute the delta from one snapshot to the next."""
    tick = after.tick
    if not tick.keyframe:
        last_changed = after.last_changed[find_rows(after.ids, tick.ids)]
        return Delta(tick.number, tick.ids, tick.rows, last_changed, tick.gone)
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
    """Match the rows of a keyframe with those of the snapshot before; None when it does not follow from that one."""
    if before is None or tick.executed:
        return None
    old, new = before.mappings, tick.rows
    if old.strings is not new.strings or old.fields != new.fields or not (new.start[1:] > new.start[:-1]).all():
        return None
    rows = find_rows(before.ids, tick.ids)
    stays = np.zeros(len(before.ids), bool)
    stays[rows[rows >= 0]] = True
    return rows if np.array_equal(np.sort(before.ids[~stays]), np.sort(tick.gone)) else None
