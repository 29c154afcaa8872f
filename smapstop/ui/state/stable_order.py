"""Stable order of the rows of a live table: moved rarely, and never right after a key press."""

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import find_rows
from smapstop.model.view.sort import Sorting, arrange_tree, sort_rows
from smapstop.model.view.view import View
from smapstop.model.view.view_state import ViewState

QUIET_SECONDS = 2.0
"""Time after a key press in which rows are not sorted again."""
MIN_TICKS_BETWEEN_MOVES = 3
"""Least number of ticks between two sorts that move rows."""

RowIndices = NDArray[np.intp]


class StableOrder:
    """The order of the table's rows, preserved from one view to the next."""

    def __init__(self, sorting: Sorting) -> None:
        self.sorting = sorting
        self.frozen = False
        self.held = False
        """Whether rows stay for the moment, as while a range of them is selected."""
        self._ids = np.zeros(0, np.int64)
        self._table_ids = np.zeros(0, np.int64)
        self._mask = np.zeros(0, np.bool_)
        self._rows: RowIndices = np.zeros(0, np.intp)
        """The last order: its ids, and as rows of a table with these ids, of which these pass the filter."""
        self._last_sort_inputs: tuple[Sorting, ViewState] | None = None
        self._last_move_tick = -MIN_TICKS_BETWEEN_MOVES

    def reset_copy(self) -> "StableOrder":
        """An empty order for other rows, with the same sorting, frozen if this one is."""
        order = StableOrder(self.sorting)
        order.frozen = self.frozen
        return order

    def arrange_rows(self, view: View, seconds_since_key: float) -> RowIndices:
        """Rows of the view's table, in the order shown."""
        if self._is_sort_due(view, seconds_since_key):
            rows = sort_rows(view.table, self.sorting, view.filter_mask)
            if not np.array_equal(view.table.ids[rows], self._ids):  # else the next change may be shown at once
                self._last_move_tick = view.snapshot.tick.number
            self._last_sort_inputs = (self.sorting, view.state)
        else:
            rows = self._previous_order(view)
        self._ids, self._rows = view.table.ids[rows], rows
        self._table_ids, self._mask = view.table.ids, view.filter_mask
        return rows

    def _is_sort_due(self, view: View, seconds_since_key: float) -> bool:
        """Whether to sort: sorting or view state changed, or the last move and key press are long enough ago."""
        if self._last_sort_inputs != (self.sorting, view.state):
            return True
        if self.frozen or self.held or seconds_since_key < QUIET_SECONDS:
            return False
        return abs(view.snapshot.tick.number - self._last_move_tick) >= MIN_TICKS_BETWEEN_MOVES

    def _previous_order(self, view: View) -> RowIndices:
        """Last order without removed rows; new rows come first, the largest Rss on top, so that they are in view."""
        ids = view.table.ids
        if np.array_equal(ids, self._table_ids) and np.array_equal(view.filter_mask, self._mask):
            return self._rows
        rank = find_rows(self._ids, ids)
        old = find_rows(ids, self._ids)
        old = old[old >= 0]
        old = old[view.filter_mask[old]]
        new = sort_rows(view.table, Sorting("rss"), view.filter_mask & (rank < 0))
        order = np.concatenate([new, old])
        return order if view.table.parent is None else arrange_tree(order, view.table.parent)
