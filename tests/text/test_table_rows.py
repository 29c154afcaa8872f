"""The visible rows as text, from tick to tick."""

from random import Random
from typing import Any

import numpy as np
from examples import examples
from factories import faults_of, mappings_of, tick_of, timeline_of
from hypothesis import given
from hypothesis import strategies as st
from random_ticks import tick_streams, ticks_of_stream

from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.row_queries import row_series_of
from smapstop.text.table_columns import ALL_COLUMNS, COLUMNS, fit_columns
from smapstop.text.table_rows import build_rows


@examples(20)
@given(tick_streams, st.integers(0, 9), st.sampled_from([10_000, 1 << 30]))
def test_what_is_kept_from_tick_to_tick_changes_no_row(stream: Any, seed: int, kept_bytes: int) -> None:
    timeline, chance, columns = (
        Timeline(max_bytes=kept_bytes, segment_ticks=3),
        Random(seed),
        fit_columns(COLUMNS, 200),
    )
    kept = row_series_of(timeline, COLUMNS)
    for tick in ticks_of_stream(stream):
        timeline.append(tick)
        at = tick.number if chance.random() < 0.8 else chance.randint(timeline.oldest, tick.number)
        shown = derive_view(timeline, ViewState(at=at))
        which = np.array(chance.sample(range(len(shown.table)), len(shown.table)), np.intp)[: chance.randint(0, 9)]
        expected = build_rows(shown, timeline, which, columns)
        assert build_rows(shown, timeline, which, columns, None, kept) == expected


def test_the_history_of_faults_shows_when_they_were() -> None:
    counts = (1, 1, 1, 90, 1, 1, 40, 1)
    rows = mappings_of((1, 2), (3, 4))
    faults = [faults_of((0, "f < main", count)) for count in counts]
    timeline = timeline_of(*(tick_of(at, rows, [0, 1], faults=each) for at, each in enumerate(faults)))
    view = derive_view(timeline, ViewState(metric="faults", span_s=None))
    (row,) = build_rows(view, timeline, np.array([0]), [(ALL_COLUMNS["history"], len(counts))])
    assert row.cells[0][-5:] == "█▁▁▄▁"


def test_the_history_is_dotted_where_a_mapping_was_not_read() -> None:
    ticks = [
        tick_of(at, mappings_of(), [], tier="counters", faults=faults_of((0, "f < main", at))) for at in range(9)
    ]
    for at, kb in ((0, 4), (4, 8)):
        ticks[at] = tick_of(at, mappings_of((1, 20, "rw-p", "", kb)), [0], keyframe=not at, faults=ticks[at].faults)
    timeline, column = timeline_of(*ticks), (ALL_COLUMNS["history"], 9)

    def history(**state: Any) -> str:
        view = derive_view(timeline, ViewState(span_s=None, **state))
        return build_rows(view, timeline, np.array([0]), [column])[0].cells[0]

    assert [history(), history(at=4), history(metric="faults")] == ["▁···█····", "▁···█    ", " ▁▂▃▄▅▆▇█"]
