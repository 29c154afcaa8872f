"""Recent changes of numbers: how many ticks ago, and in which direction."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import ABSENT, Mappings

FADE_TICKS = 4
"""Ticks for which a change counts as recent, including the one in which it happened."""

Moves = NDArray[np.int8]
"""Last change of each number: 0 for none, 1 for up in this tick, 2 for up in the tick before; negative for down."""


def moves_of(values: NDArray[np.float64], own: NDArray[np.bool_] | bool = True) -> Moves:
    """Find the last change of each number that is the process's own doing.

    Args:
        values: The numbers after each tick, shape (…, ticks); a change from or to NaN (no value) does not count.
        own: Whether a change at a tick counts, shape (…, ticks) or one that becomes it.

    Returns:
        Shape (…).
    """
    steps = (np.sign(np.nan_to_num(np.diff(values, prepend=np.nan))) * own)[..., ::-1]
    ago = np.argmax(steps != 0, axis=-1)
    last = np.take_along_axis(steps, ago[..., np.newaxis], axis=-1)[..., 0]
    moves: Moves = (last * (ago + 1)).astype(np.int8)
    return moves


def changed_mappings(timeline: Timeline, number: int) -> Ids:
    """Ids of the mappings that changed visibly at a tick."""
    snapshot = timeline.at(number)
    changed: Ids = snapshot.ids[snapshot.last_changed == number]
    return changed


def recent_amounts(
    timeline: Timeline, mappings: Ids, fields: Sequence[str], first: int, stop: int
) -> NDArray[np.float64]:
    """Fields of some mappings after each of the ticks `first` to `stop`, kB; none of these may have been dropped.

    Faster than `MappingQueries.series` for many fields and few ticks.

    Returns:
        Shape (len(fields), len(mappings), stop - first). NaN where a mapping did not exist, or a field was not
        printed.
    """
    snapshot = timeline.at(first)
    now = np.full((len(fields), len(mappings)), np.nan)
    _write_amounts(now, find_rows(snapshot.ids, mappings), snapshot.mappings, fields)
    out = [now]
    for tick in timeline.ticks[first + 1 : stop]:
        now = now.copy()
        now[:, np.isin(mappings, tick.gone) | tick.keyframe] = np.nan
        _write_amounts(now, find_rows(tick.ids, mappings), tick.rows, fields)
        out.append(now)
    return np.stack(out, axis=-1)


def _write_amounts(
    out: NDArray[np.float64], rows: NDArray[np.intp], mappings: Mappings, fields: Sequence[str]
) -> None:
    """Write the fields of rows into an array of shape (len(fields), len(rows)); row -1 leaves it unchanged."""
    here = rows >= 0
    for at, name in enumerate(fields):
        column = mappings.get(name)
        if column is not None:
            amounts = column[rows[here]]
            out[at, here] = np.where(amounts == ABSENT, np.nan, amounts)
        else:
            out[at, here] = np.nan
