"""Timeline queries of the visible table rows, cached from tick to tick."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.group_history import GroupHistory
from smapstop.model.history.recent_moves import FADE_TICKS, changed_mappings, recent_amounts
from smapstop.model.history.repeats import repeat_counter
from smapstop.model.history.series_cache import SampleCache, SeriesCache, SeriesValues
from smapstop.model.metrics import FAULTS, Metric, parts_of
from smapstop.model.tick import Ids
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text.events import change_text
from smapstop.text.table_columns import Column


@dataclass(frozen=True, slots=True, eq=False)
class GroupSeries:
    """Time series of rows that are groups of mappings."""

    metric: GroupHistory
    """Parts of the metric, for the history column."""
    amounts: GroupHistory
    """All displayed amounts, for recent changes."""


@dataclass(frozen=True, slots=True, eq=False)
class RowSeries:
    """Time series of rows that are mappings, cached from tick to tick."""

    metric: Metric
    history: SeriesCache
    """The metric, for the history column."""
    samples: SampleCache
    """The metric at single ticks, for the history column over a long time."""
    amounts: SeriesCache
    """All displayed amounts, for recent changes."""
    fields: tuple[str, ...]
    """Fields in `amounts`."""
    text_of_change: Callable[[int, int], str]
    """`change_text` of a mapping at a tick, cached."""
    repeats: Callable[[int, int], int]
    """How often in a row that happened; see `repeat_counter`."""
    changed: Callable[[int], Ids]
    """`changed_mappings` at a tick, cached."""
    timeline: Timeline
    """Timeline that the series come from."""


def row_series_of(timeline: Timeline, columns: Iterable[Column], metric: Metric = "rss") -> RowSeries:
    """Build the series of a timeline's mappings for these columns and the metric."""
    fields = amount_fields(columns)
    return RowSeries(
        metric,
        SeriesCache(lambda ids, first, stop: _metric_series(timeline, ids, metric, first, stop)[np.newaxis]),
        SampleCache(lambda ids, number: _metric_series(timeline, ids, metric, number, number + 1)[:, 0]),
        SeriesCache(lambda ids, first, stop: recent_amounts(timeline, ids, fields, first, stop)),
        fields,
        lru_cache(1024)(partial(change_text, timeline)),
        repeat_counter(timeline),
        lru_cache(2 * FADE_TICKS)(partial(changed_mappings, timeline)),
        timeline,
    )


def _metric_series(timeline: Timeline, ids: Ids, metric: Metric, first: int, stop: int) -> SeriesValues:
    """A metric of mappings over ticks, kB, shape (len(ids), stop - first)."""
    return sum_known([timeline.queries.series(ids, name, first, stop) for name in parts_of(metric)])


def sum_known(series: Sequence[SeriesValues]) -> SeriesValues:
    """Sum series of the same shape; NaN where none has a value."""
    parts = np.stack(series)
    return np.where(np.isnan(parts).all(axis=0), np.nan, np.nansum(parts, axis=0))


def metric_cells_read(view: View, width: int) -> NDArray[np.bool_]:
    """Mask of `width` cells of the window in which the metric was read; page faults are counted at every tick."""
    if view.state.metric == FAULTS:
        return np.ones(width, np.bool_)
    return view.window.cells_read(width, view.snapshot.tick.number)


def fitting_group_series(
    cached: GroupSeries | None, timeline: Timeline, view: View, columns: Sequence[Column]
) -> GroupSeries | None:
    """Series of a view's groups for these columns, the cached ones if they fit; None when the rows are mappings."""
    scope, fields, shown = view.scope, parts_of(view.state.metric), amount_fields(columns)
    if scope.by == "none":
        return None
    if cached is not None and cached.metric.scope.matches(scope):
        known = cached.metric.timeline, cached.metric.fields, cached.amounts.fields
        if known == (timeline, fields, shown):
            return cached
    return GroupSeries(GroupHistory(timeline, scope, fields), GroupHistory(timeline, scope, shown))


def fitting_row_series(
    cached: RowSeries | None, timeline: Timeline, metric: Metric, columns: Sequence[Column]
) -> RowSeries:
    """Series of a timeline's mappings for these columns and the metric: the cached ones if they fit."""
    if cached is not None and (cached.timeline, cached.metric, cached.fields) == (
        timeline,
        metric,
        amount_fields(columns),
    ):
        return cached
    return row_series_of(timeline, columns, metric)


def amount_fields(columns: Iterable[Column]) -> tuple[str, ...]:
    """Fields whose amounts these columns show."""
    return tuple(column.key for column in columns if column.cell_format == "amount")
