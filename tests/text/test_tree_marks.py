"""Marks of the rows of a tree."""

import numpy as np
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.tree_marks import tree_marks

ROWS = mappings_of((1, 2, "rw-p", "[heap]"), (3, 4, "r-xp", "/a"), (4, 5, "rw-p", "/a"), (6, 7, "rw-p", "/b"))


def test_marks_say_what_is_folded_and_what_is_below_also_of_rows_in_the_middle() -> None:
    timeline = timeline_of(tick_of(0, ROWS, [0, 1, 2, 3]))
    flat = derive_view(timeline, ViewState())
    assert tree_marks(flat.table, np.arange(4), 0, 4) == [""] * 4
    folded = derive_view(timeline, ViewState(grouping="kind"))
    assert tree_marks(folded.table, np.arange(2), 0, 2) == ["▸ ", "▸ "]
    view = derive_view(timeline, ViewState(grouping="kind", unfolded=frozenset(folded.table.ids.tolist())))
    order = np.array([0, 3, 4, 5, 1, 2])  # the files, and then the heap
    marks = ["▾ ", "├ ", "├ ", "└ ", "▾ ", "└ "]
    assert view.table.ids[order].tolist() == [folded.table.ids[0], 1, 2, 3, folded.table.ids[1], 0]
    for first in range(6):
        assert tree_marks(view.table, order, first, 6) == marks[first:]
        assert tree_marks(view.table, order, 0, first) == marks[:first]
