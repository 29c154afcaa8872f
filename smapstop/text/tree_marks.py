"""Marks before the names of rows that form a tree: what is folded, and what is below what."""

import numpy as np
from numpy.typing import NDArray

from smapstop.model.view.table_data import TableData
from smapstop.model.view.view import View

FOLDED, UNFOLDED = "▸ ", "▾ "
"""Marks of groups."""
_MEMBER, _LAST_MEMBER = "├ ", "└ "


def tree_marks(table: TableData, order: NDArray[np.intp], first: int, stop: int) -> list[str]:
    """Mark before the name of some rows; empty when the rows are no tree.

    Args:
        table: The table.
        order: Its rows, in the order shown; mappings follow their group.
        first: Place in `order` of the first row to mark.
        stop: Place after the last one.
    """
    if table.parent is None:
        return [""] * max(0, stop - first)
    parent = table.parent[order[first : stop + 1]]
    follows = np.append(parent[1:], -1)[: stop - first]  # the parent of the row below
    rows = order[first:stop]
    return [
        (_MEMBER if below == of else _LAST_MEMBER) if of >= 0 else UNFOLDED if below == row else FOLDED
        for row, of, below in zip(rows.tolist(), parent[: stop - first].tolist(), follows.tolist(), strict=True)
    ]


def tree_target(view: View, row: int, steps: int) -> int | None:
    """Where a step sideways leads in a tree, from a row of the table.

    Returns:
        The id of the row itself, if a step to the right unfolds it, or one to the left folds it; that of the group
        that it is in, for a step to the left; None if the step leads nowhere in the tree.
    """
    table = view.table
    if table.parent is None:
        return None
    group = int(table.parent[row])
    if steps < 0 and group >= 0:
        return int(table.ids[group])
    turns = group < 0 and (int(table.ids[row]) in view.state.unfolded) == (steps < 0)
    return int(table.ids[row]) if turns else None
