"""What a reader looks at: one moment, compared with another, filtered and grouped."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.compare.previous_run import Earlier
from smapstop.model.tick import Tick
from smapstop.model.timeline.map_diff import Changes, compare
from smapstop.model.timeline.map_snapshot import Moment
from smapstop.model.timeline.rates import rate_seconds
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.filter import filter_of
from smapstop.model.view.table_data import Lost, Sheet, grouped, sheet_of
from smapstop.model.view.view_state import Lens

LINGER = 3
"""Ticks for which a mapping that is gone is still shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is seen through a lens."""

    lens: Lens
    moment: Moment
    previous: Tick
    """The tick before it, for rates of the whole process; the moment's own when it is the first."""
    changes: Changes
    """The moment against the compared one."""
    sheet: Sheet
    keep: NDArray[np.bool_]
    """The rows of the sheet that the filter lets through."""
    newest: int
    """Number of the newest tick."""
    earlier: Earlier | None = None
    """The earlier run that it is compared with; None when that is another moment of the same run."""


def look(timeline: Timeline, lens: Lens, earlier: Earlier | None = None) -> Scene:
    """Look at a timeline, which must have a tick.

    Args:
        timeline: What to look at.
        lens: How.
        earlier: The run that it may be compared with.

    Raises:
        SmapstopError: The filter makes no sense.
    """
    newest = len(timeline) - 1
    moment = timeline.at(newest if lens.at is None else max(timeline.first, lens.at))
    number = moment.tick.number
    if lens.compared != "run":
        earlier = None
    changes = compare(earlier.beside(timeline, moment) if earlier else _compared(timeline, lens, moment), moment)
    seconds = None if earlier else rate_seconds(changes.before.read, changes.after.read)
    lost = _missing(changes) if earlier else _lost(timeline, moment)
    sheet = grouped(sheet_of(changes, seconds, lost, timeline.stacks_at(number)), lens.grouping)
    return Scene(
        lens=lens,
        moment=moment,
        previous=timeline.head(max(timeline.first, number - 1)),
        changes=changes,
        sheet=sheet,
        keep=filter_of(lens.filter)(sheet),
        newest=newest,
        earlier=earlier,
    )


def _lost(timeline: Timeline, moment: Moment) -> Lost:
    """What is gone at a moment and still shown."""
    number = moment.tick.number
    before = timeline.at(max(timeline.first, number - LINGER))
    rows = compare(before, moment).gone
    ids = before.ids[rows]
    ticks = np.full(len(rows), number)
    for tick in reversed(timeline.ticks[before.tick.number + 1 : number]):
        ticks[~np.isin(ids, tick.ids) if tick.keyframe else np.isin(ids, tick.gone)] = tick.number
    return Lost(before, rows, ticks)


def _missing(changes: Changes) -> Lost:
    """What an earlier run had and this one has not."""
    return Lost(changes.before, changes.gone, np.full(len(changes.gone), -1))


def _compared(timeline: Timeline, lens: Lens, moment: Moment) -> Moment:
    """The moment that a lens compares with; never a later one."""
    if lens.compared == "start":
        return timeline.start
    if lens.compared == "mark" and lens.mark is not None:
        return timeline.at(min(lens.mark, moment.tick.number))
    return timeline.at(max(timeline.first, moment.read.number - 1))
