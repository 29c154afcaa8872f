"""Titles of the table's columns."""

import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.table_columns import ALL_COLUMNS
from smapstop.ui.drawing.table_header import titles_text


@pytest.mark.parametrize(
    ("cells", "title"),
    [(24, "Dirty history (33 s)"), (19, "Dirty (33 s)"), (10, "Dirty 33 s"), (9, "33 s"), (4, "33 s")],
)
def test_the_title_of_the_history_keeps_its_length_in_time_however_narrow(cells: int, title: str) -> None:
    timeline = timeline_of(*(tick_of(at, mappings_of((0, 4)), [0]) for at in range(33)))
    view = derive_view(timeline, ViewState(metric="dirty"))
    text = titles_text([(ALL_COLUMNS["history"], cells)], view, Sorting(), frozen=False)
    assert text.rstrip() == title
