"""What the table asks a timeline about the rows in view, kept from tick to tick."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from smapstop.model.grouping import Grouping
from smapstop.model.history.group_history import GroupHistory
from smapstop.model.history.recent_moves import recent_amounts
from smapstop.model.history.series_cache import SeriesCache
from smapstop.model.timeline.timeline import Timeline
from smapstop.text.columns import Column
from smapstop.text.events import change_text


@dataclass(frozen=True, slots=True, eq=False)
class GroupSeries:
    """What is asked about rows that are groups of mappings."""

    rss: GroupHistory
    """Of Rss, over a long time."""
    amounts: GroupHistory
    """Of every amount that is shown, lately."""


@dataclass(frozen=True, slots=True, eq=False)
class RowSeries:
    """What is asked about rows that are mappings, kept from tick to tick."""

    rss: SeriesCache
    """Rss, over a long time."""
    amounts: SeriesCache
    """Every amount that is shown, lately."""
    fields: tuple[str, ...]
    """Of these."""
    text_of_change: Callable[[int, int], str]
    """See `change_text`."""
    timeline: Timeline
    """Whose they are."""


def row_series_of(timeline: Timeline, columns: Iterable[Column]) -> RowSeries:
    """What is asked about the mappings of a timeline for these columns."""
    fields = amount_fields(columns)
    return RowSeries(
        SeriesCache(lambda ids, first, stop: timeline.queries.series(ids, "rss", first, stop)[np.newaxis]),
        SeriesCache(lambda ids, first, stop: recent_amounts(timeline, ids, fields, first, stop)),
        fields,
        lru_cache(1024)(partial(change_text, timeline)),
        timeline,
    )


def group_series_of(timeline: Timeline, by: Grouping, columns: Sequence[Column]) -> GroupSeries:
    """What is asked about the groups of a timeline for these columns."""
    return GroupSeries(GroupHistory(timeline, by), GroupHistory(timeline, by, amount_fields(columns)))


def amount_fields(columns: Iterable[Column]) -> tuple[str, ...]:
    """The fields whose amounts these columns show."""
    return tuple(column.key for column in columns if column.cell_format == "amount")
