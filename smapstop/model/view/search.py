"""Search among the rows of a view: hits by the terms of a filter, none of the other rows hidden."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.view.filter import parse_filter
from smapstop.model.view.sort import RowIndices
from smapstop.model.view.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Rows that a search finds."""

    mask: NDArray[np.bool_]
    """Mask of the rows of the table."""
    places: NDArray[np.intp]
    """Places of the hits in the order shown, ascending."""

    def step(self, place: int, direction: int) -> tuple[int, bool] | None:
        """The next hit after a place (1), or the previous one (-1), and whether the search went on at the other end.

        `None` if there is no hit.
        """
        if not len(self.places):
            return None
        at = int(np.searchsorted(self.places, place, "right" if direction > 0 else "left")) - (direction < 0)
        return int(self.places[at % len(self.places)]), not 0 <= at < len(self.places)

    def number_at(self, place: int) -> int | None:
        """Number of the hit at a place, from 1; `None` if there is none."""
        at = int(np.searchsorted(self.places, place))
        return at + 1 if at < len(self.places) and self.places[at] == place else None


def find_hits(view: View, order: RowIndices, expression: str) -> Hits:
    """Find the rows that an expression describes; of a group that is folded, if any of its mappings is found.

    Args:
        view: The view.
        order: Rows of its table, in the order shown.
        expression: See `parse_filter`; empty finds nothing.

    Raises:
        SmapstopError: As `parse_filter` does.
    """
    mask = np.zeros(len(view.table), np.bool_)
    if expression:
        found = parse_filter(expression)(view.mappings) & view.matching
        if view.scope.by == "none":
            mask = found
        else:
            folded = found & ~np.isin(view.group_of, np.fromiter(view.state.unfolded, np.int64))
            mask = np.isin(view.table.ids, np.concatenate([view.mappings.ids[found], view.group_of[folded]]))
    return Hits(mask, np.flatnonzero(mask[order]))
