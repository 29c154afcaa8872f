"""Numbers of the table in each unit."""

import numpy as np
import pytest
from factories import faults_of, mappings_of, tick_of, timeline_of

from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import Units, ViewState
from smapstop.text.table_amounts import amount_texts, column_title, least_widths
from smapstop.text.table_columns import ALL_COLUMNS, COLUMNS, Column, find_columns

RSS, DELTA, RATE = find_columns(["rss", "delta", "rate"])


def view_of(units: Units, **state: object) -> View:
    """A heap that grew by 16 kB to 60 kB of 100 kB; pages of 4 kB."""

    def rows(rss: int) -> tuple[tuple[object, ...], ...]:
        return (0x1000, 0x2000, "rw-p", "[heap]", rss), (0x7000, 0x7100, "r-xp", "/bin/p", 40)

    of = timeline_of(
        tick_of(0, mappings_of(*rows(44), kernel_page_size=[4, 4]), [7, 8]),
        tick_of(1, mappings_of(*rows(60), kernel_page_size=[4, 4]), [7, 8]),
    )
    return derive_view(of, ViewState(units=units, **state))  # type: ignore[arg-type]


def texts(view: View, column: Column) -> list[str]:
    return amount_texts(view, column, np.arange(len(view.table)))


@pytest.mark.parametrize(
    ("units", "rss", "delta", "rate"),
    [
        ("auto", "60 K", "+16 K", "+16 K"),
        ("pages", "15", "+4", "+4"),
        ("bytes", "61,440", "+16,384", "+16,384"),
        ("kB", "60", "+16", "+16"),
        ("share", "60", "+16", "+16"),
    ],
)
def test_each_number_is_in_the_unit(units: Units, rss: str, delta: str, rate: str) -> None:
    view = view_of(units)
    assert [texts(view, column)[0] for column in (RSS, DELTA, RATE)] == [rss, delta, rate]
    assert texts(view, find_columns(["swap"])[0]) == ["–", "–"]


def test_shares_are_of_the_whole_process_also_under_a_filter() -> None:
    view = view_of("share", filter="heap", grouping="kind")
    assert texts(view, RSS) == ["60"]


def test_titles_say_the_unit() -> None:
    titles = {units: [column_title(column, view_of(units)) for column in COLUMNS[2:5]] for units in ("auto", "kB")}
    assert titles == {"auto": ["Rss", "ΔRss", "Rate/s"], "kB": ["Rss kB", "ΔRss kB", "kB/s"]}


def test_a_column_is_as_wide_as_its_widest_number_and_its_title() -> None:
    assert least_widths(view_of("auto"), COLUMNS) == {}
    assert least_widths(view_of("bytes"), COLUMNS) == {"rss": 7, "delta": 8, "rate": 7}
    assert least_widths(view_of("bytes"), find_columns(["size", "start"])) == {"size": 10}


def test_the_metric_faults_is_reported_as_counts() -> None:
    rows = mappings_of((1, 2), (3, 4))
    faults = [faults_of((0, "f < main", count), (1, "f < main", 1)) for count in (5, 12_345)]
    timeline = timeline_of(*(tick_of(at, rows, [0, 1], faults=each) for at, each in enumerate(faults)))
    view = derive_view(timeline, ViewState(metric="faults", units="pages"))
    columns = {key: ALL_COLUMNS[key] for key in ("faults", "delta", "rate")}
    shown = {key: amount_texts(view, column, np.arange(2)) for key, column in columns.items()}
    assert shown == {"faults": ["12.3k", "2"], "delta": ["+12.3k", "+1"], "rate": ["+12.3k", "+1"]}
    assert [column_title(column, view) for column in columns.values()] == ["Faults", "ΔFaults", "Rate/s"]
    off = derive_view(timeline_of(tick_of(0, rows, [0, 1])), ViewState(metric="faults"))
    assert amount_texts(off, columns["faults"], np.arange(2)) == ["–", "–"]
