"""Page faults as a column of a table, and as the metric that its changes are of."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.model.metrics import FAULTS
from smapstop.model.timeline.fault_queries import FaultQueries
from smapstop.model.view.table_data import TableData

_MOST = 1 << 53
"""Counts are exact up to this number."""


def with_faults(table: TableData, faults: FaultQueries, number: int, since: int | None, recent: int) -> TableData:
    """Add the number of page faults since they are watched to a table, if they are.

    Args:
        table: One row per mapping.
        faults: Page faults of the timeline.
        number: The tick shown.
        since: The tick with which it is compared; None for one of another run.
        recent: The tick since which rates count.
    """
    if not faults.is_watched:
        return table
    counts = _counts(table, faults, 0, number)
    if counts is None:
        return table
    table = replace(table, faults=counts)
    if table.metric != FAULTS:
        return table
    change = counts if since is None else _counts(table, faults, since + 1, number)
    return replace(table, change=change, recent_change=_counts(table, faults, recent + 1, number))


def _counts(table: TableData, faults: FaultQueries, first: int, last: int) -> NDArray[np.int64] | None:
    """Faults of each row in the ticks `first` to `last`; None if they were not watched."""
    counts = faults.counts(table.ids, first, last + 1)
    return None if np.isnan(counts).all() and first == 0 else np.nan_to_num(counts).clip(0, _MOST).astype(np.int64)
