"""Marks of rows."""

import numpy as np
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.view.row_marks import RowMark, RowMarks
from smapstop.model.view.search import find_hits
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState


def test_rows_are_marked_that_are_selected_or_found() -> None:
    rows = mappings_of((1, 2, "rw-p", "[heap]", 9), (3, 4, "r-xp", "/a.so", 5), (4, 5, "rw-p", "/b.so", 4))
    view = derive_view(timeline_of(tick_of(0, rows, [0, 1, 2])), ViewState())
    search = "SO rss<5 !heap kind:file 0x4000"
    marks = RowMarks((1,), search, find_hits(view, np.arange(3), search))
    assert marks.of_rows(view, np.array([2, 1])) == [RowMark(0.0, True, ("so",)), RowMark(1.0)]
    assert RowMarks().of_rows(view, np.array([0])) == [RowMark()]
