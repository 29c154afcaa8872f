"""Marks of rows: which are selected, and which a search found."""

from collections.abc import Sequence

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.view.filter import name_words
from smapstop.model.view.search import Hits
from smapstop.model.view.selection import selected_part
from smapstop.model.view.sort import RowIndices
from smapstop.model.view.view import View


@dataclass(frozen=True, slots=True)
class RowMark:
    """Marks of one row."""

    selected: float = 0.0
    """Part of its mappings that are selected."""
    found: bool = False
    words: tuple[str, ...] = ()
    """Words that were searched for in its name, in lower case."""


@dataclass(frozen=True, slots=True)
class RowMarks:
    """What is marked in a table."""

    selection: Sequence[int] = ()
    """Ids of the selected mappings."""
    search: str = ""
    hits: Hits | None = None

    def of_rows(self, view: View, rows: RowIndices) -> list[RowMark]:
        """Marks of some rows of a view's table."""
        parts = selected_part(view, self.selection, view.table.ids[rows])
        mask = np.zeros(len(view.table), np.bool_) if self.hits is None else self.hits.mask
        words = name_words(self.search)
        return [
            RowMark(part, found, words if found else ())
            for part, found in zip(parts, mask[rows].tolist(), strict=True)
        ]
