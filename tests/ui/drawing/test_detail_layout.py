"""The layout of the detail at several sizes, without a screen."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from factories import mappings_of, tick_of, timeline_of
from rich.style import Style
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.tick import LifecycleEvent, Tick
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.proc.fields import FIELDS
from smapstop.text.mapping_detail import FieldRow
from smapstop.ui.drawing.detail_layout import DetailChoice, RenderedDetail, lay_out, visible_rows
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.palette import build_palette

PRINTED = [field.name for field in FIELDS[: [field.name for field in FIELDS].index("thp_eligible") + 1]]
"""What Linux prints for a mapping, in its order."""
NONZERO = ("size", "kernel_page_size", "mmu_page_size", "rss", "pss", "private_clean", "private_dirty", "anonymous")
STYLE = DrawStyle(build_palette(dark=True, depth="none"), Style(), Style(bold=True), Style(reverse=True))


def written(number: int, private_clean: int, private_dirty: int, **amounts: int) -> Tick:
    """A tick with one mapping, two pages of a file; all fields are 0 but these."""
    kb = {
        "kernel_page_size": 4,
        "mmu_page_size": 4,
        "pss": 8,
        "private_clean": private_clean,
        "private_dirty": private_dirty,
        "anonymous": private_dirty,
    } | amounts
    columns: Any = {name: [kb.get(name, 0)] for name in PRINTED if name not in ("size", "rss")}
    rows = mappings_of((0x55D0C0A00, 0x55D0C0A02, "rw-p", "/usr/bin/redis-server", 8, 3, "rd wr mr"), **columns)
    order = [rows.fields.index(name) for name in PRINTED]
    return tick_of(number, replace(rows, fields=tuple(PRINTED), amounts=rows.amounts[order]), [7])


COPIED = (written(0, 4, 4), written(1, 0, 8), written(2, 0, 8))
"""A private page of a file is written to, which copies it."""


def laid_out(
    width: int, height: int, *ticks: Tick, state: ViewState | None = None, choice: DetailChoice | None = None
) -> RenderedDetail:
    timeline = timeline_of(*(ticks or COPIED))
    history = MappingHistory(timeline, 7)
    history.update()
    view = derive_view(timeline, state or ViewState(baseline="start"))
    return lay_out(history, view, STYLE, width, height, choice or DetailChoice(), "0")


def texts(strips: Sequence[Strip]) -> list[str]:
    return [strip.text.rstrip() for strip in strips]


# sizes


def test_at_80_columns_everything_is_in_one_column() -> None:
    detail = laid_out(80, 20)
    solid = "▒"  # at the first tick
    assert [
        "  Field, kB               start   22:13:22        Δ       Rate  over 3 s",
        "  Size                        8   8               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "  KernelPageSize              4   4               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "  MMUPageSize                 4   4               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "  Rss                         8   8               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "  Pss                         8   8               ·          ·  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "› Private_Clean               4 → 0              −4     −2 K/s  █▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "  Private_Dirty               4 → 8              +4     +2 K/s  ▁██████████████",
        "  Anonymous                   4 → 8              +4     +2 K/s  ▁██████████████",
        "  … 15 fields are 0 (0 shows them)",
        "─ Private_Clean  min 0, max 4, first 4, last 0 kB ──────────────────────────────",
        f"    4 K ┤{solid}",
        f"        │{solid}",
        f"        │{solid}",
        f"        │{solid}",
        f"        │{solid}",
        "      0 ┴ 22:13:20 ─────────────────────────────────────────────────── 22:13:22",
        "─ VmFlags ──────────────────────────────────────────────────────────────────────",
        " rd readable   wr writable   mr may be made readable",
        "─ History ──────────────────────────────────────────────────────────────────────",
        " Private_Dirty 8 K              max 8 K   Anonymous 8 K                  max 8 K",
        " ██████████████████████████████████████   ██████████████████████████████████████",
        "▄██████████████████████████████████████  ▄██████████████████████████████████████",
        "███████████████████████████████████████  ███████████████████████████████████████",
    ] == texts(detail.body)
    assert [line[:3] for line in texts(detail.bottom)] == [" ▏P", " ▏m", " ▏c"]
    assert (detail.table_width, detail.height) == (80, 24 + 3)


def test_at_118_columns_the_table_says_when_each_field_last_changed() -> None:
    detail = laid_out(118, 36)
    lines = texts(detail.body)
    left = "  Field, kB               start   22:13:22             Δ       Rate  over 3 s"
    assert lines[0] == left + "Last change".rjust(117 - len(left))
    assert lines[6].startswith("› Private_Clean               4 → 0                   −4     −2 K/s")
    assert lines[6].endswith("−4 · now")
    assert lines[10].startswith("─ Private_Clean  min 0, max 4")
    assert lines.index("  … 15 fields are 0 (0 shows them)") == 9
    assert detail.table_width == 118


def test_at_240_columns_the_charts_are_at_the_right_of_the_fields() -> None:
    detail = laid_out(240, 40)
    left = [strip.text[:115].rstrip() for strip in detail.body]
    right = [strip.text[117:].rstrip() for strip in detail.body]
    assert left[0].startswith("  Field, kB")
    assert right[0].startswith("─ Private_Clean  min 0, max 4, first 4, last 0 kB ─")
    assert left[9].startswith("› Private_Clean")
    assert {line[:9] for line in right[2:26]} == {"        │"}
    assert left[24:30] == [
        "─ VmFlags ".ljust(115, "─"),
        " rd readable   wr writable   mr may be made readable",
        "",
        "",
        "",
        "",
    ]
    assert right[28] == "─ History ".ljust(123, "─")
    assert right[29].startswith(" Private_Dirty 8 K")
    assert (detail.hidden_count, detail.table_width) == (0, 115)


@pytest.mark.parametrize("width", [20, 39, 79, 80, 117, 118, 149, 150, 239, 240, 400])
@pytest.mark.parametrize("height", [1, 8, 15, 24, 70])
def test_every_line_is_as_wide_as_asked_for(width: int, height: int) -> None:
    detail = laid_out(width, height)
    lines = [*detail.top, *detail.body, *detail.bottom]
    assert {width} == {strip.cell_length for strip in lines}
    assert detail.height == len(lines)


def test_with_few_lines_the_help_is_left_out() -> None:
    assert [len(laid_out(80, height).bottom) for height in (8, 9, 16)] == [0, 2, 3]


# folding


def rows_of(count: int, zeros: int) -> list[FieldRow]:
    """Rows of which the first `zeros` are 0, and the last one has changed."""
    row = FieldRow("", "", "", "", "", "", "", "", 4.0, 0.0, None, zero=False, constant=True, by_others=False)
    rows = [replace(row, name=f"f{at}", zero=at < zeros) for at in range(count)]
    return [*rows[:-1], replace(rows[-1], constant=False)]


def names(rows: Sequence[FieldRow]) -> list[str]:
    return [row.name for row in rows]


@pytest.mark.parametrize(("width", "needed"), [(80, 14), (149, 14), (150, 8)])
def test_zeros_are_folded_when_there_is_no_room_for_all_and_a_chart(width: int, needed: int) -> None:
    rows = rows_of(10, zeros=3)
    assert names(visible_rows(rows, 10 + needed, width)) == names(rows)
    assert names(visible_rows(rows, 10 + needed - 1, width)) == names(rows)[3:]


def test_the_user_folds_and_unfolds_at_any_size() -> None:
    rows = rows_of(10, zeros=3)
    assert names(visible_rows(rows, 100, 80, folded=True)) == names(rows)[3:]
    assert names(visible_rows(rows, 1, 80, folded=False)) == names(rows)


def test_what_changed_comes_first_when_there_is_no_room_for_the_others() -> None:
    rows = rows_of(6, zeros=2)
    assert names(visible_rows(rows, 6, 80)) == ["f2", "f3", "f4", "f5"]
    assert names(visible_rows(rows, 5, 80)) == ["f5", "f2", "f3", "f4"]


def test_fields_are_listed_as_they_are_drawn_and_the_folded_ones_counted() -> None:
    folded, unfolded = laid_out(80, 24), laid_out(80, 24, choice=DetailChoice(folded=False))
    assert (folded.fields, folded.hidden_count) == (NONZERO, len(PRINTED) - len(NONZERO))
    assert (unfolded.fields, unfolded.hidden_count) == (tuple(PRINTED), 0)
    assert not any("fields are 0" in line for line in texts(unfolded.body))
    short = laid_out(80, 8)
    assert short.fields[:3] == ("private_clean", "private_dirty", "anonymous")


def test_one_folded_field_is_counted_as_one() -> None:
    amounts = {name: 4 for name in PRINTED if name not in (*NONZERO, "swap")}
    detail = laid_out(80, 24, written(0, 4, 4, **amounts), written(1, 0, 8, **amounts))
    assert "  … 1 field is 0 (0 shows them)" in texts(detail.body)


# the cursor


@pytest.mark.parametrize(
    ("ticks", "field"),
    [
        ((written(0, 4, 4),), "rss"),
        (COPIED, "private_clean"),
        ((written(0, 4, 4), written(1, 4, 8), written(2, 4, 8)), "private_dirty"),
    ],
    ids=["nothing changed", "changed since the compared tick", "the first that changed"],
)
def test_a_cursor_that_was_not_placed_goes_to_what_changed(ticks: tuple[Tick, ...], field: str) -> None:
    assert laid_out(80, 24, *ticks).cursor_field == field


def test_without_a_change_now_the_cursor_goes_to_the_last_change() -> None:
    detail = laid_out(80, 24, *COPIED, state=ViewState(baseline="previous"))
    assert detail.cursor_field == "private_clean"


def test_a_cursor_stays_where_the_user_placed_it() -> None:
    detail = laid_out(80, 24, choice=DetailChoice("pss", placed_by_user=True))
    assert detail.cursor_field == "pss"
    assert detail.body[detail.cursor_line].text.startswith("› Pss ")
    assert texts(detail.bottom)[0].startswith(" ▏Pss:")
    assert any(line.startswith("─ Pss  constant at 8 kB") for line in texts(detail.body))


def test_a_cursor_that_was_not_placed_stays_on_a_field_that_ever_changed() -> None:
    assert laid_out(80, 24, choice=DetailChoice("anonymous")).cursor_field == "anonymous"
    assert laid_out(80, 24, choice=DetailChoice("pss")).cursor_field == "private_clean"


def test_a_cursor_on_a_folded_field_counts_as_on_the_first() -> None:
    detail = laid_out(80, 24, choice=DetailChoice("swap", placed_by_user=True, folded=True))
    assert (detail.cursor_field, detail.cursor_line) == ("swap", 1)
    assert not any(line.startswith("›") for line in texts(detail.body))


# what is compared


def test_a_mark_is_shown_on_the_chart() -> None:
    marked = laid_out(80, 24, state=ViewState(baseline="mark", mark=1))
    assert sum("▲" in line for line in texts(marked.body)) == 1
    assert not any("▲" in line for line in texts(laid_out(80, 24).body))


def test_of_a_mapping_that_is_gone_the_last_state_is_laid_out() -> None:
    gone = tick_of(3, mappings_of(), [], gone=[7], lineage=(LifecycleEvent("unmap", 7),))
    detail = laid_out(80, 24, *COPIED, gone)
    assert texts(detail.top)[0] == " gone since 22:13:23: unmapped; showing its last state"
    assert detail.fields == NONZERO


# scrolling


def test_the_header_of_the_fields_stays_while_there_are_fields_under_it() -> None:
    detail = laid_out(80, 24)
    assert detail.visible_body(0, 5) == list(detail.body[:5])
    assert detail.visible_body(3, 5) == [detail.body[0], *detail.body[4:8]]
    assert detail.visible_body(8, 5) == [detail.body[0], *detail.body[9:13]]
    assert detail.visible_body(9, 5) == list(detail.body[9:14])


def test_the_same_input_gives_the_same_lines() -> None:
    assert laid_out(118, 40) == laid_out(118, 40)
