"""What is copied of rows."""

import numpy as np
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.copying import addresses_text, names_text, rows_text, why_text
from smapstop.text.table_columns import COLUMNS, find_columns

LIBC = "/usr/lib/x86_64-linux-gnu/libc.so.6"


def timeline() -> Timeline:
    """The heap grows by a page on first touch; libc, and memory with a name that no terminal should see."""

    def rows(rss: int) -> list[tuple[object, ...]]:
        return [
            (0x1000, 0x2000, "rw-p", "[heap]", rss),
            (0x7000, 0x7100, "r-xp", LIBC, 1024),
            (0x7100, 0x7110, "rw-p", LIBC, 8),
            (0x9000, 0x9001, "rw-p", "/tmp/a\x1b[31m\tb", 4),
            (0xA000, 0xA008, "rw-p", "", 4),
        ]

    ids = [7, 8, 9, 10, 11]
    code = np.array([MECHANISMS.index("first-touch")], np.int8)
    touched = Events(np.array([7]), code, np.array([4]), np.array([True]), 4)
    first = tick_of(0, mappings_of(*rows(40)), ids)
    return timeline_of(first, tick_of(1, mappings_of(*rows(44)), ids, keyframe=True, events=touched))


def view_of(of: Timeline, state: ViewState | None = None) -> View:
    return derive_view(of, state or ViewState())


def group_of(view: View, name: str) -> int:
    """The id of a group."""
    return int(view.table.ids[[view.table.texts[code] for code in view.table.name.tolist()].index(name)])


def test_addresses_are_as_in_maps_and_those_of_a_group_in_order() -> None:
    of = timeline()
    assert addresses_text(view_of(of), [7]) == "01000000-02000000"
    assert addresses_text(view_of(of), [9, 7]) == "07100000-07110000\n01000000-02000000"
    grouped = view_of(of, ViewState(grouping="name"))
    assert addresses_text(grouped, [group_of(grouped, LIBC)]) == "07000000-07100000\n07100000-07110000"


def test_names_are_full_and_show_no_control_characters() -> None:
    of = timeline()
    assert names_text(view_of(of), [8, 10, 11]) == f"{LIBC}\n/tmp/a\\x1b[31m\\x09b\nanon a000000"
    grouped = view_of(of, ViewState(grouping="name"))
    assert names_text(grouped, [group_of(grouped, LIBC)]) == LIBC


def test_rows_are_values_under_a_header_with_exact_numbers() -> None:
    of = timeline()
    lines = [line.split("\t") for line in rows_text(view_of(of), of, COLUMNS, [7, 10]).split("\n")]
    titles = ["start", "end", "mappings", "name", "perms", "rss_kb", "delta_kb", "rate_kb_per_s", "happened"]
    assert lines[0] == titles
    assert lines[1] == ["1000000", "2000000", "1", "[heap]", "rw-p", "44", "4", "4.00", "1 p first touch · now"]
    assert lines[2][3:7] == ["/tmp/a\\x1b[31m\\x09b", "rw-p", "4", "0"]
    assert {len(line) for line in lines} == {9}


def test_what_the_kernel_does_not_print_is_empty_and_gone_rows_are_left_out() -> None:
    of = timeline()
    text = rows_text(view_of(of), of, find_columns(["name", "swap", "start"]), [8, 4711])
    assert text == f"start\tend\tmappings\tname\tswap_kb\n7000000\t7100000\t1\t{LIBC}\t"


def test_a_group_is_one_row_with_its_sums() -> None:
    of = timeline()
    view = view_of(of, ViewState(grouping="name"))
    text = rows_text(view, of, COLUMNS, [group_of(view, LIBC)])
    assert [line.split("\t")[2:6] for line in text.split("\n")] == [
        ["mappings", "name", "perms", "rss_kb"],
        ["2", LIBC, "", "1032"],
    ]


def test_why_is_what_the_inspector_says() -> None:
    of = timeline()
    lines = why_text(view_of(of), of, [7], "v").split("\n")
    assert lines[:2] == ["[heap]  01000000-02000000", "1 page first touch · now"]
    assert any("mm/memory.c" in line for line in lines)
    assert "Changed since previous tick: Rss 40 → 44 K" in lines
    grouped = view_of(of, ViewState(grouping="kind"))
    lines = why_text(grouped, of, [group_of(grouped, "file")], "v").split("\n")
    assert lines[0] == "file × 3"
    assert any(line.startswith("3 mappings, Rss ") for line in lines)
