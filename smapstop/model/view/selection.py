"""Mappings that the user selected, by identity; a range that is being extended begins at a row."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.tick import Ids
from smapstop.model.view.view import View


@dataclass(frozen=True, slots=True)
class RowSelection:
    """Selected mappings; each action of the user gives a new one."""

    ids: frozenset[int] = frozenset()
    anchor: int | None = None
    """Id of the row where the range begins that moving extends; `None` while there is none."""
    before: frozenset[int] = frozenset()
    """What was selected when the range began."""

    def toggle(self, mappings: Iterable[int]) -> "RowSelection":
        """Select mappings, or no longer if all of them are; ends a range."""
        wanted = frozenset(mappings)
        return RowSelection(self.ids - wanted if wanted <= self.ids else self.ids | wanted)

    def add(self, mappings: Iterable[int]) -> "RowSelection":
        """Select mappings, too; ends a range."""
        return RowSelection(self.ids.union(mappings))

    def toggle_range(self, row: int, mappings: Iterable[int]) -> "RowSelection":
        """Begin a range at a row with these mappings, or end it; what it selected stays."""
        if self.anchor is not None:
            return RowSelection(self.ids)
        return RowSelection(self.ids.union(mappings), row, self.ids)

    def extend(self, mappings: Iterable[int]) -> "RowSelection":
        """Have the range select these mappings, and no others."""
        return replace(self, ids=self.before.union(mappings))


def mappings_in(view: View, rows: Iterable[int]) -> tuple[int, ...]:
    """Ids of the mappings in rows of the table, those of groups included, in address order; none that is unmapped.

    Args:
        view: The view.
        rows: Ids of the rows.
    """
    table, wanted = view.mappings, np.fromiter(rows, np.int64)
    chosen = np.isin(table.ids, wanted[wanted >= 0]) | np.isin(view.group_of, wanted[wanted < 0])
    at = np.flatnonzero(chosen & ~table.gone)
    return tuple(table.ids[at[np.argsort(table.start[at], kind="stable")]].tolist())


def selected_part(view: View, selected: Iterable[int], rows: Ids) -> list[float]:
    """Part of each row that is selected, 0 to 1: of a group the share of its mappings.

    Args:
        view: The view.
        selected: Ids of the selected mappings.
        rows: Ids of rows of its table.
    """
    ids = np.fromiter(selected, np.int64)
    if not len(ids):
        return [0.0] * len(rows)
    parts = np.isin(rows, ids).astype(float)
    groups = rows < 0
    if groups.any():
        present = ~view.mappings.gone
        chosen = np.isin(view.mappings.ids, ids) & present
        for at in np.flatnonzero(groups).tolist():
            of_group = (view.group_of == rows[at]) & present
            parts[at] = int(np.count_nonzero(chosen & of_group)) / max(1, int(np.count_nonzero(of_group)))
    return list(map(float, parts.tolist()))
