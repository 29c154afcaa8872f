"""What is inferred of the rows of a table since the mappings were read."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.model.history.inferred_growth import InferredGrowth
from smapstop.model.history.recent_moves import FADE_TICKS
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids
from smapstop.model.timeline.rates import rate_seconds
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.table_data import InferredRows, TableData
from smapstop.model.view.view_state import Baseline
from smapstop.proc.columns import Amounts


def with_inferred(
    table: TableData, growth: InferredGrowth | None, timeline: Timeline, number: int, baseline: Baseline
) -> TableData:
    """Add what is inferred to a table with one row per mapping.

    Args:
        table: The table.
        growth: What is inferred; None for nothing.
        timeline: Timeline of the table.
        number: Tick of the table.
        baseline: What the changes are against.
    """
    if growth is None:
        return table
    at = find_rows(growth.ids, table.ids)
    is_known = at >= 0
    kb, faults, last = (np.zeros(len(table), np.int64), np.zeros(len(table), np.int64), np.full(len(table), -1))
    kb[is_known], faults[is_known] = growth.kb[at[is_known]], growth.counts[at[is_known]]
    last[is_known] = _last_ticks(timeline, growth, number)[at[is_known]]
    seconds = rate_seconds(growth.since, timeline.header(number))
    change = _change(table, kb, faults, baseline)
    return replace(table, inferred=InferredRows(kb, faults, last, change, seconds))


def _change(table: TableData, kb: Amounts, faults: NDArray[np.int64], baseline: Baseline) -> Amounts | None:
    """Change of Rss until now; against the previous reading, that of rows with page faults is since the last one."""
    if table.metric != "rss" or table.change is None:
        return None
    known: Amounts = np.where(faults > 0, 0, table.change) if baseline == "previous" else table.change
    return known + kb


def _last_ticks(timeline: Timeline, growth: InferredGrowth, number: int) -> NDArray[np.int64]:
    """Tick of the last page faults of each mapping; if these are no longer recent, the first since the reading."""
    first = max(growth.since.number + 1, timeline.oldest)
    last: Ids = np.full(len(growth.ids), first)
    for at in range(max(first, number - FADE_TICKS), number + 1):
        faults = timeline.header(at).faults
        if faults is not None:
            last[np.isin(growth.ids, faults.mapping)] = at
    return last
