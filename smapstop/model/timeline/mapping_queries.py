"""Tracks: what consecutive segments, the first of which has a base, tell of some mappings, without unpacking all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.tick import Ids
from smapstop.model.timeline.column_codec import expand
from smapstop.model.timeline.delta import Numbers
from smapstop.model.timeline.map_snapshot import Moment
from smapstop.model.timeline.row_log import Rows, Steps
from smapstop.model.timeline.segment import Segment
from smapstop.proc.columns import ABSENT, Mappings

Amounts = NDArray[np.float64]
"""kB; NaN where a mapping did not exist, or the field was not printed."""


def amounts_over_time(segments: Sequence[Segment], mappings: Ids, name: str, first: int, stop: int) -> Amounts:
    """A field of some mappings over some ticks, at least one of each, shape (len(mappings), stop - first)."""
    order = np.argsort(mappings)
    wanted = mappings[order]
    out = np.full((len(wanted), stop - first), np.nan)
    told = np.zeros(out.shape, bool)
    for at, segment in enumerate(segments):
        if segment.base is not None and (segment.anew or not at):
            column = max(0, segment.first - first)
            out[:, column] = np.nan
            told[:, column] = True
            _note(out, told, segment.base, wanted, name, first)
        _note(out, told, segment.steps, wanted, name, first)
    since = np.maximum.accumulate(np.where(told, np.arange(stop - first), 0), axis=1)
    out[order] = np.take_along_axis(out, since, axis=1)
    return out


def _note(out: Amounts, told: NDArray[np.bool_], steps: Steps, wanted: Ids, name: str, first: int) -> None:
    """Note what steps tell of the wanted mappings (ascending), at the first tick what was before it."""
    at, rows = _hits(wanted, expand(steps.id))
    of_head = np.full(len(expand(steps.id)), -1)
    of_head[rows] = at
    which = of_head[expand(steps.head)]
    rows = np.flatnonzero(which >= 0)
    lost, gone = _hits(wanted, expand(steps.gone))
    if not len(rows) and not len(gone):
        return
    column = steps.get(name)
    amounts = np.full(len(rows), np.nan) if column is None else column[rows].astype(np.float64)
    amounts[amounts == ABSENT] = np.nan
    which = np.concatenate([lost, which[rows]])
    numbers = np.concatenate([expand(steps.gone_at)[gone], expand(steps.number)[rows]])
    values = np.concatenate([np.full(len(gone), np.nan), amounts])
    order = np.argsort(numbers, kind="stable")
    order = order[numbers[order] < first + out.shape[1]]
    which, columns = which[order], np.maximum(numbers[order] - first, 0)
    out[which, columns] = values[order]  # of several values for one place the last one stays
    told[which, columns] = True


def _hits(wanted: Ids, ids: Ids) -> tuple[Rows, Rows]:
    """Which of some ids are wanted: their places among the wanted, and their own."""
    at = np.minimum(np.searchsorted(wanted, ids), len(wanted) - 1)
    hit = np.flatnonzero(wanted[at] == ids)
    return at[hit], hit


def last_told(segments: Sequence[Segment], mapping: int, until: int) -> tuple[int, dict[str, int]] | None:
    """The last that was told of a mapping up to a tick.

    Returns:
        The tick that told it, or a later one before the next that did; and its fields. None when the mapping was not
        there then.
    """
    for segment in reversed(segments):
        steps, base = segment.steps, segment.base
        rows = steps.of(mapping)
        rows = rows[expand(steps.number)[rows] <= until]
        number = int(expand(steps.number)[rows[-1]]) if len(rows) else -1
        gone_at = expand(steps.gone_at)[expand(steps.gone) == mapping]
        if (gone_at[gone_at <= until] > number).any():
            return None
        if len(rows):
            return number, steps.amounts_of(int(rows[-1]))
        if base is not None:
            rows = base.of(mapping)
            told_at = segment.first if segment.anew else segment.first - 1
            return (told_at, base.amounts_of(int(rows[0]))) if len(rows) else None
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """What some consecutive ticks told of one mapping."""

    numbers: Numbers
    """The ticks that had a row of it, shape (k,)."""
    times_ns: Numbers
    """When they began, on the monotonic clock."""
    rows: Mappings
    """The rows, k of them."""
    whole: bool
    """Whether the tick told the whole map, and with it what had not changed."""
    gone: int | None
    """The tick that found it gone."""


def passage_of(moment: Moment, mapping: int) -> Passage:
    """What a whole map tells of a mapping."""
    rows = np.flatnonzero(moment.ids == mapping)
    number, times_ns = np.full(len(rows), moment.tick.number), np.full(len(rows), moment.tick.monotonic_ns)
    return Passage(number, times_ns, moment.mappings.take(rows), True, None if len(rows) else moment.tick.number)


def passages(segments: Sequence[Segment], mapping: int, since: int, oldest: int) -> Iterator[Passage]:
    """What the ticks from `since` on told of a mapping.

    Args:
        segments: The segments with these ticks.
        mapping: The mapping.
        since: The first tick that is asked for.
        oldest: The oldest tick that is known: whatever was before it, that one tells everything.
    """
    for segment in segments:
        times = np.array(segment.heads.plain("monotonic_ns"), np.int64)
        base, first = segment.base, segment.first
        if base is not None and first >= since and (segment.anew or first == oldest):
            rows = base.of(mapping)
            numbers = np.full(len(rows), first)
            yield Passage(numbers, times[numbers - first], base.take(rows), True, None if len(rows) else first)
            since = first + 1
        rows = segment.steps.of(mapping)
        numbers = expand(segment.steps.number)[rows]
        rows, numbers = rows[numbers >= since], numbers[numbers >= since]
        gone_at = expand(segment.steps.gone_at)[expand(segment.steps.gone) == mapping]
        gone = int(gone_at[-1]) if len(gone_at) and gone_at[-1] >= since else None
        if len(rows) or gone is not None:
            yield Passage(numbers, times[numbers - first], segment.steps.take(rows), False, gone)
