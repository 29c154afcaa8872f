"""The ticks of a recording that are exported, each with what it changed."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.errors import SmapstopError
from smapstop.model.mapping_rows import find_rows, rows_differ
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_diff import diff_maps
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.view.filter import RowFilter
from smapstop.model.view.table_data import RemovedRows, build_table, with_removed

RowIndices = NDArray[np.intp]
"""Rows of a map."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A tick that is exported, with the moments that it leads from and to."""

    before: MapSnapshot | None
    """None at the first tick of the recording."""
    after: MapSnapshot
    seconds: float
    """After the first tick of the recording."""
    first: bool
    """Nothing is exported before it: it tells of every mapping."""
    shown_ids: Ids | None
    """The mappings that the filter lets through, also of those that are gone; None for all."""

    @property
    def tick(self) -> Tick:
        """What was learned."""
        return self.after.tick

    def shown_mask(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of some mappings the filter lets through."""
        return np.ones(len(ids), bool) if self.shown_ids is None else np.isin(ids, self.shown_ids)


def steps(
    ticks: Iterable[Tick], file: str, begin: float = 0.0, end: float = math.inf, row_filter: RowFilter | None = None
) -> Iterator[Step]:
    """The ticks from `begin` to `end`, seconds after the first one.

    Args:
        ticks: All of the recording.
        file: What to call it in an error.
        begin: The first second.
        end: The last one.
        test: Which mappings to tell of.

    Raises:
        SmapstopError: There are no such ticks, or the test asks for a field that the recording does not have.
    """
    moment, began_ns, seconds, first = None, 0, 0.0, True
    for tick in ticks:
        before, moment = moment, apply_tick(moment, tick)
        began_ns = tick.monotonic_ns if before is None else began_ns
        seconds = (tick.monotonic_ns - began_ns) / 1e9
        if seconds > end:
            break
        if seconds >= begin:
            yield Step(
                before,
                moment,
                seconds,
                first,
                None if row_filter is None else _passing_ids(before, moment, row_filter),
            )
            first = False
    if moment is None:
        raise SmapstopError(f"{file!r} has no ticks", "was the process there when it was recorded?")
    if first:
        what = f"no tick of {file!r} is from {begin:g} to {end:g} seconds after its start"
        raise SmapstopError(what, f"there is one at {seconds:.1f}")


def _passing_ids(before: MapSnapshot | None, after: MapSnapshot, test: RowFilter) -> Ids:
    """The mappings that pass, as they are now, or as they were when they are gone."""
    changes = diff_maps(before or after, after)
    lost = RemovedRows(changes.before, changes.gone_rows, np.full(len(changes.gone_rows), after.tick.number))
    sheet = with_removed(build_table(changes, None), changes, lost)
    return sheet.ids[test(sheet)]


def changed_rows(step: Step) -> RowIndices:
    """The rows of the map that a step changed, or that are new, in address order; at the first step all of them."""
    tick, before, after = step.tick, step.before, step.after
    if step.first or before is None or tick.executed:
        return np.arange(len(after.ids))
    if not tick.keyframe:
        return find_rows(after.ids, tick.ids)
    old = find_rows(before.ids, after.ids)
    known = np.flatnonzero(old >= 0)
    news = np.ones(len(old), bool)
    news[known] = rows_differ(before.mappings, old[known], after.mappings, known)
    return np.flatnonzero(news)


def gone_rows(before: MapSnapshot, after: MapSnapshot) -> RowIndices:
    """The rows of a map whose mappings are no more at the next moment."""
    tick = after.tick
    if not tick.keyframe and not len(tick.gone):
        return np.zeros(0, np.intp)
    return diff_maps(before, after).gone_rows
