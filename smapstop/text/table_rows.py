"""What the visible rows of the table say, as text: only these become Python objects. No Textual here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.history.group_history import REMOVAL_TICKS
from smapstop.model.history.recent_moves import FADE_TICKS, moves_of
from smapstop.model.kinds import Kind, likely_section
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.table_data import TableData
from smapstop.model.view.view import View
from smapstop.proc.columns import ABSENT
from smapstop.proc.fields import EXTERNALLY_DRIVEN
from smapstop.text import format as fmt
from smapstop.text.columns import Column
from smapstop.text.events import group_change_text
from smapstop.text.row_queries import GroupSeries, RowSeries, row_series_of
from smapstop.text.sparkline import sparkline

HISTORY_TICKS = REMOVAL_TICKS
"""The longest time that a row's history shows."""
_STEPS = (1, 2, 5, 10, 20, 40, HISTORY_TICKS)
_KINDS = list(Kind)
_NOT_IN_THIS_RUN = "not in this run"
"""Of what only the earlier run has that is compared with: gone, though it was never here."""
RowIndices = NDArray[np.intp]
SizedColumns = Sequence[tuple[Column, int]]
"""Columns with the width that each has."""


@dataclass(frozen=True, slots=True)
class RowText:
    """One visible row."""

    id: int
    cells: tuple[str, ...]
    """The text of each column, printable, not yet padded."""
    numbers: tuple[float, ...]
    """What each text says as a number, for its colour; 0 where it says none."""
    moves: tuple[int, ...]
    """How the number of each amount has moved lately, as in `Moves`; 0 for what is none."""
    kind: Kind
    age: int | None
    """Ticks since it last changed; None when it never did."""
    gone: bool


@dataclass(frozen=True, slots=True, eq=False)
class _VisibleRows:
    """The rows that are shown, and what is asked about them."""

    scene: View
    timeline: Timeline
    indices: RowIndices
    group_series: GroupSeries | None
    row_series: RowSeries
    last_changed: list[int]
    """The tick at which each last changed; -1 for never."""

    @property
    def ids(self) -> Ids:
        """Mappings, or groups of them."""
        return self.scene.table.ids[self.indices]

    def amounts(self, fields: Sequence[str]) -> NDArray[np.float64]:
        """Fields of the mappings now, kB, NaN where they are not known; shape (len(fields), len(ids))."""
        sheet, out = self.scene.table, np.full((len(fields), len(self.indices)), np.nan)
        for at, name in enumerate(fields):
            column = sheet.get(name)
            if column is not None:
                amounts = column[self.indices]
                out[at] = np.where((amounts == ABSENT) | sheet.gone[self.indices], np.nan, amounts)
        return out


def build_rows(
    view: View,
    timeline: Timeline,
    indices: RowIndices,
    columns: SizedColumns,
    groups: GroupSeries | None = None,
    histories: RowSeries | None = None,
) -> list[RowText]:
    """Some rows of a scene's sheet, as text.

    Args:
        scene: What is looked at.
        timeline: Its timeline.
        which: The rows of the sheet.
        columns: The columns to show.
        groups: What the rows are when they are groups.
        histories: What was asked about the rows of the tick before, when they are mappings.
    """
    sheet, now = view.table, view.snapshot.tick.number
    moved: list[int] = sheet.last_changed[indices].tolist()
    if groups:
        moved = groups.rss.last_changed(sheet.ids[indices], sheet.last_changed[indices], now)
    histories = histories or row_series_of(timeline, [column for column, _ in columns])
    shown = _VisibleRows(view, timeline, indices, groups, histories, moved)
    texts = [_texts(shown, column, width) for column, width in columns]
    numbers = [_numbers(sheet, indices, column) for column, _ in columns]
    return [
        RowText(mapping, cells, values, moves, _KINDS[kind], now - when if when >= 0 else None, gone)
        for mapping, cells, values, moves, kind, when, gone in zip(
            sheet.ids[indices].tolist(),
            zip(*texts, strict=True),
            zip(*numbers, strict=True),
            zip(*_moves(shown, [column for column, _ in columns]), strict=True),
            sheet.kind[indices].tolist(),
            moved,
            sheet.gone[indices].tolist(),
            strict=True,
        )
    ]


def _texts(shown: _VisibleRows, column: Column, width: int) -> list[str]:
    """The texts of a column."""
    sheet, which = shown.scene.table, shown.indices
    rows = which.tolist()
    match column.cell_format:
        case "name":
            return [_fitting_name(sheet, row, width - 2) for row in rows]
        case "text":
            return [fmt.printable(sheet.texts[code]) for code in sheet.perms[which].tolist()]
        case "address":
            return [f"{start:x}" for start in sheet.start[which].tolist()]
        case "history":
            return _history_texts(shown, width)
        case "happened":
            return _last_change_texts(shown, width)
        case "amount":
            return _format_column(fmt.amount, sheet.get(column.key), which)
        case "change":
            return _format_column(fmt.signed, sheet.deltas.get("rss"), which)
        case "rate":
            if sheet.seconds is None:
                return [fmt.UNKNOWN] * len(rows)
            return [fmt.rate(change / sheet.seconds) for change in sheet.deltas["rss"][which].tolist()]


def _format_column(
    spell: Callable[[float | None], str], column: NDArray[np.int64] | None, which: RowIndices
) -> list[str]:
    """The values of a column, each spelled; unknown when the kernel does not print it."""
    return [fmt.UNKNOWN] * len(which) if column is None else [spell(value) for value in column[which].tolist()]


def _numbers(sheet: TableData, which: RowIndices, column: Column) -> list[float]:
    """What the texts of a column say as numbers."""
    values = sheet.deltas.get("rss") if column.cell_format in ("change", "rate") else sheet.get(column.key)
    return [0] * len(which) if values is None else values[which].tolist()


def _moves(shown: _VisibleRows, columns: Sequence[Column]) -> list[list[int]]:
    """How the amounts of each column have moved lately; those that others can move, when the mapping changed too."""
    number = shown.scene.snapshot.tick.number
    if shown.group_series:
        fields = shown.group_series.amounts.fields
        values = shown.group_series.amounts.series(shown.ids, max(0, number - FADE_TICKS), number + 1)
    else:
        fields, first = shown.row_series.fields, max(shown.timeline.oldest, number - FADE_TICKS)
        values = shown.row_series.amounts.values(shown.ids, first, number + 1, shown.amounts(fields))
    found = moves_of(values)
    others_did = np.abs(found) <= number - np.array(shown.last_changed, np.int64)
    found[np.isin(fields, list(EXTERNALLY_DRIVEN))[:, np.newaxis] & others_did] = 0
    moves = dict(zip(fields, found.tolist(), strict=True))
    still = [0] * len(shown.indices)
    return [moves[column.key] if column.cell_format == "amount" else still for column in columns]


def row_name(table: TableData, row: int) -> str:
    """The name of a row: of a group with its size, of a file with its part, of nameless memory with its address.

    Before that, what it is for, as far as that is known.
    """
    name = table.texts[int(table.name[row])]
    if table.ids[row] < 0:
        return f"{name} × {int(table.mapping_count[row])}"
    if not name:
        return f"{table.label(row) or 'anon'} {int(table.start[row]):x}"
    kind = _KINDS[int(table.kind[row])]
    part = likely_section(table.texts[int(table.perms[row])]) if kind is Kind.FILE else ""
    return f"{name} {part}".rstrip()


def _fitting_name(sheet: TableData, row: int, width: int) -> str:
    """As much of a row's name as fits: with its path, without it, without its part, or the end of it."""
    name = fmt.printable(row_name(sheet, row))
    if name.startswith("/") and fmt.cell_width(name) > width:
        name = name[name.rindex("/") + 1 :]
        if fmt.cell_width(name) > width and sheet.ids[row] >= 0:
            name = name.removesuffix(likely_section(sheet.texts[int(sheet.perms[row])])).rstrip()
    known = None if fmt.cell_width(name) <= width else sheet.label(row)
    return fmt.clip(fmt.printable(str(known)), width) if known else fmt.shorten(name, width)


def history_step(ticks: int, width: int) -> int:
    """How many ticks one glyph of a history stands for: few while there are few, so that the first moves show."""
    return next((step for step in _STEPS if step * width >= min(ticks, HISTORY_TICKS)), _STEPS[-1])


def _history_texts(shown: _VisibleRows, width: int) -> list[str]:
    """Rss of each row over the last ticks, as block glyphs; of a group that of the mappings that it had then.

    Blank where it has not moved: so what moves stands out, and the other lines need not be drawn again.
    """
    number, ids = shown.scene.snapshot.tick.number, shown.ids
    step = history_step(number + 1, width)
    # glyphs end at multiples of the step, so that they do not change as time goes on, but only move
    stop = (number // step + 1) * step
    first = max(shown.timeline.oldest, stop - width * step)
    values = np.full((len(ids), width * step), np.nan)
    if shown.group_series:
        (seen,) = shown.group_series.rss.series(ids, first, number + 1)
    else:
        (seen,) = shown.row_series.rss.values(ids, first, number + 1, shown.amounts(["rss"]))
    at = width * step - (stop - first)
    values[:, at : at + seen.shape[1]] = seen
    bins = _last_known(values.reshape(len(ids), width, step))
    known = bins[:, at // step :]
    still = (known == known[:, :1]).all(axis=1).tolist()
    return [" " * width if stays else text for text, stays in zip(sparkline(bins), still, strict=True)]


def _last_known(bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last value of each bin that is known, NaN when none is; shape (rows, bins, ticks) to (rows, bins)."""
    last = bins[:, :, 0].copy()
    for at in range(1, bins.shape[2]):
        known = ~np.isnan(bins[:, :, at])
        last[known] = bins[:, :, at][known]
    return last


def _last_change_texts(shown: _VisibleRows, width: int) -> list[str]:
    """The last change of each row, and how long ago it was."""
    timeline, moved = shown.timeline, shown.last_changed
    if shown.group_series:
        told = shown.group_series.rss.entries(shown.ids, moved)
        texts = [group_change_text(timeline, entries, number) for entries, number in zip(told, moved, strict=True)]
    else:
        texts = [
            shown.row_series.text_of_change(mapping, number) if number >= timeline.oldest else ""
            for mapping, number in zip(shown.ids.tolist(), moved, strict=True)
        ]
    now = shown.scene.snapshot.tick
    ages = [_age(now, timeline.header(number)) if text else "" for text, number in zip(texts, moved, strict=True)]
    forgotten = f"before {fmt.clock(timeline.header(timeline.oldest).wall_ns)}"
    never = [_NOT_IN_THIS_RUN if gone else "" for gone in shown.scene.table.gone[shown.indices].tolist()]
    return [
        f"{fmt.clip(text, width - len(age) - 3)} · {age}" if text else forgotten if number >= 0 else otherwise
        for text, age, number, otherwise in zip(texts, ages, moved, never, strict=True)
    ]


def _age(now: Tick, when: Tick) -> str:
    """How long ago a tick was."""
    return fmt.age((now.monotonic_ns - when.monotonic_ns) / 1e9 - now.interval_ns / 2e9)
