"""Visible rows of a table, with what their texts are made of."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.tick import Ids
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.proc.columns import ABSENT
from smapstop.text.row_queries import GroupSeries, RowSeries

RowIndices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class VisibleRows:
    """Visible rows with their time series."""

    view: View
    timeline: Timeline
    indices: RowIndices
    marks: Sequence[str]
    """Marks before the names."""
    group_series: GroupSeries | None
    row_series: RowSeries
    nearby: RowIndices
    """Rows that may come into view next."""
    last_changed: Sequence[int] = ()
    """Tick at which each row last changed; -1 for never."""

    @property
    def ids(self) -> Ids:
        """Ids of mappings or of groups."""
        return self.view.table.ids[self.indices]

    def amounts(self, fields: Sequence[str]) -> NDArray[np.float64]:
        """Current fields of the rows, kB, NaN where unknown; shape (len(fields), len(ids))."""
        table, out = self.view.table, np.full((len(fields), len(self.indices)), np.nan)
        for at, name in enumerate(fields):
            column = table.get(name)
            if column is not None:
                amounts = column[self.indices]
                out[at] = np.where((amounts == ABSENT) | table.gone[self.indices], np.nan, amounts)
        return out
