"""Columns of shared mappings fit any terminal."""

import pytest

from smapstop.ui.drawing.sharing import fit_sharing_columns


@pytest.mark.parametrize("width", [60, 80, 118, 240])
def test_as_many_processes_as_fit_have_a_column(width: int) -> None:
    columns = fit_sharing_columns(width, range(1, 20))
    assert columns.name + 1 + 7 + 8 * len(columns.pids) + columns.first == width
    assert columns.first >= 19 or len(columns.pids) == 1
