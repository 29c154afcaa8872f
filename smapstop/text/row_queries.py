"""Timeline queries of the visible table rows, cached from tick to tick."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from smapstop.model.grouping import Grouping
from smapstop.model.history.group_history import GroupHistory
from smapstop.model.history.recent_moves import recent_amounts
from smapstop.model.history.series_cache import SampleCache, SeriesCache
from smapstop.model.timeline.timeline import Timeline
from smapstop.text.columns import Column
from smapstop.text.events import change_text


@dataclass(frozen=True, slots=True, eq=False)
class GroupSeries:
    """Time series of rows that are groups of mappings."""

    rss: GroupHistory
    """Rss, for the history column."""
    amounts: GroupHistory
    """All displayed amounts, for recent changes."""


@dataclass(frozen=True, slots=True, eq=False)
class RowSeries:
    """Time series of rows that are mappings, cached from tick to tick."""

    rss: SeriesCache
    """Rss, for the history column."""
    rss_samples: SampleCache
    """Rss at single ticks, for the history column over a long time."""
    amounts: SeriesCache
    """All displayed amounts, for recent changes."""
    fields: tuple[str, ...]
    """Fields in `amounts`."""
    text_of_change: Callable[[int, int], str]
    """`change_text` of a mapping at a tick, cached."""
    timeline: Timeline
    """Timeline that the series come from."""


def row_series_of(timeline: Timeline, columns: Iterable[Column]) -> RowSeries:
    """Build the series of a timeline's mappings for these columns."""
    fields = amount_fields(columns)
    return RowSeries(
        SeriesCache(lambda ids, first, stop: timeline.queries.series(ids, "rss", first, stop)[np.newaxis]),
        SampleCache(lambda ids, number: timeline.queries.series(ids, "rss", number, number + 1)[:, 0]),
        SeriesCache(lambda ids, first, stop: recent_amounts(timeline, ids, fields, first, stop)),
        fields,
        lru_cache(1024)(partial(change_text, timeline)),
        timeline,
    )


def group_series_of(timeline: Timeline, by: Grouping, columns: Sequence[Column]) -> GroupSeries:
    """Build the series of a timeline's groups for these columns."""
    return GroupSeries(GroupHistory(timeline, by), GroupHistory(timeline, by, amount_fields(columns)))


def amount_fields(columns: Iterable[Column]) -> tuple[str, ...]:
    """Fields whose amounts these columns show."""
    return tuple(column.key for column in columns if column.cell_format == "amount")
