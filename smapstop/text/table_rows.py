"""Text of the visible table rows; only these become Python objects."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.recent_moves import FADE_TICKS, moves_of
from smapstop.model.kinds import Kind
from smapstop.model.mapping_rows import find_rows
from smapstop.model.metrics import FAULTS, parts_of
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.row_names import child_name, row_name, without_group
from smapstop.model.view.table_data import TableData
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.row_changes import change_texts
from smapstop.text.row_queries import GroupSeries, RowSeries, metric_cells_read, row_series_of, sum_known
from smapstop.text.sparkline import sparkline
from smapstop.text.table_amounts import amount_texts, column_values, faulted_since
from smapstop.text.table_columns import Column
from smapstop.text.visible_rows import RowIndices, VisibleRows

_ROW_TICKS, _GROUP_TICKS = 1_024, 240
"""Lengths of the window up to which histories are looked up at every tick: of mappings, and of groups."""
_KINDS = list(Kind)
Weight = int
"""Size of an amount as the weight of its text: 1 bold, 0 normal, -1 dim."""
_LARGE, _SMALL = 1 / 16, 1 / 1024
"""Shares of the sum of a column: amounts from the first on are bold, those below the second dim."""
SizedColumns = Sequence[tuple[Column, int]]
"""Columns with their widths."""


@dataclass(frozen=True, slots=True)
class RowText:
    """Text of one visible row."""

    id: int
    cells: tuple[str, ...]
    """Text of each column, printable, not padded."""
    numbers: tuple[float, ...]
    """Number behind each text, for its colour; 0 if there is none."""
    weights: tuple[Weight, ...]
    """Weight of each amount; 0 for the other columns."""
    moves: tuple[int, ...]
    """Recent change of each amount, as in `moves_of`; 0 for the other columns."""
    kind: Kind
    age: int | None
    """Ticks since it last changed, or grew as far as that is inferred; None if it never did."""
    gone: bool


def build_rows(
    view: View,
    timeline: Timeline,
    indices: RowIndices,
    columns: SizedColumns,
    groups: GroupSeries | None = None,
    histories: RowSeries | None = None,
    nearby: RowIndices | None = None,
    marks: Sequence[str] | None = None,
) -> list[RowText]:
    """Build the text of some rows of a view's table.

    Args:
        view: View that has the table.
        timeline: Its timeline.
        indices: Rows of the table.
        columns: Columns to show.
        groups: Time series of the groups, if there are any.
        histories: Time series of the mappings, from the previous tick.
        nearby: Rows that may come into view next; their histories are looked up along if that is costly.
        marks: Marks before the names of the rows, see `tree_marks`.
    """
    histories = histories or row_series_of(timeline, [column for column, _ in columns], view.state.metric)
    nearby, marks = indices if nearby is None else nearby, marks or [""] * len(indices)
    if groups is None:
        return _build(VisibleRows(view, timeline, indices, marks, None, histories, nearby), columns)
    rows: dict[int, RowText] = {}
    is_group = view.table.ids[indices] < 0
    for series, here in ((groups, is_group), (None, ~is_group)):
        if here.any():
            some = [mark for mark, wanted in zip(marks, here.tolist(), strict=True) if wanted]
            near = nearby[(view.table.ids[nearby] < 0) == (series is not None)]
            built = _build(VisibleRows(view, timeline, indices[here], some, series, histories, near), columns)
            rows.update(zip(np.flatnonzero(here).tolist(), built, strict=True))
    return [rows[at] for at in range(len(indices))]


def _build(shown: VisibleRows, columns: SizedColumns) -> list[RowText]:
    """Build the text of rows that are all groups, or all mappings."""
    view, indices, groups = shown.view, shown.indices, shown.group_series
    table, now = view.table, view.snapshot.tick.number
    last_changed: list[int] = table.last_changed[indices].tolist()
    if groups:
        last_changed = groups.metric.last_changed(table.ids[indices], table.last_changed[indices], now)
    shown = replace(shown, last_changed=last_changed)
    last_moved = np.maximum(last_changed, table.last_moved[indices]).tolist()
    texts = [_texts(shown, column, width) for column, width in columns]
    numbers = [_numbers(table, indices, column) for column, _ in columns]
    weights = [_weights(table, indices, column) for column, _ in columns]
    return [
        RowText(mapping, cells, values, weight, moves, _KINDS[kind], now - when if when >= 0 else None, gone)
        for mapping, cells, values, weight, moves, kind, when, gone in zip(
            table.ids[indices].tolist(),
            zip(*texts, strict=True),
            zip(*numbers, strict=True),
            zip(*weights, strict=True),
            zip(*_moves(shown, [column for column, _ in columns]), strict=True),
            table.kind[indices].tolist(),
            last_moved,
            table.gone[indices].tolist(),
            strict=True,
        )
    ]


def natural_widths(columns: SizedColumns, rows: Sequence[RowText]) -> list[tuple[Column, int]]:
    """The columns of some rows, each as wide as its texts and its title need."""
    widths = []
    for at, (column, _) in enumerate(columns):
        texts = (fmt.cell_width(row.cells[at]) for row in rows)
        most = max(texts, default=0) + 2 * (column.cell_format == "name")
        widths.append((column, max(column.width, len(column.title) + 2, most)))
    return widths


def _texts(shown: VisibleRows, column: Column, width: int) -> list[str]:
    """Texts of a column."""
    table, indices = shown.view.table, shown.indices
    rows = indices.tolist()
    match column.cell_format:
        case "name":
            return [_fitting_name(table, row, mark, width - 2) for row, mark in zip(rows, shown.marks, strict=True)]
        case "text":
            return [fmt.printable(table.texts[code]) for code in table.perms[indices].tolist()]
        case "address":
            return [f"{start:x}" for start in table.start[indices].tolist()]
        case "history":
            return _history_texts(shown, width)
        case "happened":
            return change_texts(shown, width)
    return amount_texts(shown.view, column, indices)


def _numbers(table: TableData, indices: RowIndices, column: Column) -> list[float]:
    """Numbers behind the texts of a column; 0 if there are none."""
    values = column_values(table, column)
    return [0] * len(indices) if values is None else np.nan_to_num(values[indices]).tolist()


def _weights(table: TableData, indices: RowIndices, column: Column) -> list[Weight]:
    """Weights of the amounts of a column, by their share of its sum; dim is also what may be out of date."""
    values = table.get(column.key) if column.cell_format == "amount" else None
    if values is None:
        return [0] * len(indices)
    total = int(values[(values > 0) & ~table.gone].sum())
    here = values[indices]
    weights = (here >= total * _LARGE).astype(int) - (here < total * _SMALL)
    if column.key != FAULTS:  # these are counted at every tick
        weights[faulted_since(table)[indices]] = -1
    out: list[Weight] = weights.tolist()
    return out


def _moves(shown: VisibleRows, columns: Sequence[Column]) -> list[list[int]]:
    """Recent changes of each column's amounts, in ticks in which the row itself changed: else others did it."""
    number, timeline, groups = shown.view.snapshot.tick.number, shown.timeline, shown.group_series
    first = max(timeline.oldest, number - FADE_TICKS)
    if groups:
        fields, values = groups.amounts.fields, groups.amounts.series(shown.ids, first, number + 1)
        changed = [groups.amounts.changed_groups(at) for at in range(first, number + 1)]
    else:
        fields = shown.row_series.fields
        values = shown.row_series.amounts.values(shown.ids, first, number + 1, shown.amounts(fields))
        changed = [shown.row_series.changed(at) for at in range(first, number + 1)]
    own = np.stack([find_rows(ids, shown.ids) >= 0 for ids in changed], axis=-1)
    moves = dict(zip(fields, moves_of(values, own).tolist(), strict=True))
    return [moves[column.key] if column.cell_format == "amount" else [0] * len(own) for column in columns]


def _fitting_name(table: TableData, row: int, mark: str, width: int) -> str:
    """Fit a row's name into `width` cells: drop its address, else cut it in the middle, where names differ least."""
    name, width = fmt.printable((child_name if table.is_member(row) else row_name)(table, row)), width - len(mark)
    if fmt.cell_width(name) > width and (label := table.label(row)):
        name = fmt.printable(without_group(table, row, str(label)))
    return mark + fmt.shorten_middle(name, width)


def _history_texts(shown: VisibleRows, width: int) -> list[str]:
    """Metric of each row in the window of time, in block glyphs; of a group, of the mappings it had at each tick.

    Rows that did not change are blank: those that did stand out, and the others do not have to be redrawn. What
    changed inside the first glyph is a change from the first value, unless it was new there.
    """
    window, number = shown.view.window, shown.view.snapshot.tick.number
    numbers = window.samples(width, number, _GROUP_TICKS if shown.group_series else _ROW_TICKS)
    known = numbers >= 0
    values = np.full((len(shown.ids), width), np.nan)
    values[:, known] = _metric_at(shown, numbers[known])
    if shown.view.state.metric == FAULTS:  # they only ever add up: what is worth seeing is when
        values[:, 1:] = np.diff(values)
        values[:, 0] = np.nan
    first = np.where(np.isnan(values[:, 0]), values[:, min(1, width - 1)], values[:, 0])  # new in the first glyph
    constant = (values[:, 1:][:, known[1:]] == first[:, np.newaxis]).all(axis=1).tolist()
    texts = sparkline(values, metric_cells_read(shown.view, width))
    return [" " * width if blank else text for text, blank in zip(texts, constant, strict=True)]


def _metric_at(shown: VisibleRows, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Metric of each row after some ticks of the window, kB, shape (rows, len(numbers)); NaN where unknown."""
    window = shown.view.window
    few = len(window.times_ns) <= (_GROUP_TICKS if shown.group_series else _ROW_TICKS)
    if shown.group_series:
        groups = shown.group_series.metric
        if few:
            sums = sum_known(list(groups.series(shown.ids, window.first, window.last + 1)))
            return np.take(sums, numbers - window.first, axis=1)
        return sum_known(list(groups.samples(shown.ids, numbers)))
    if not few:
        return shown.row_series.samples.values(shown.ids, numbers, shown.view.table.ids[shown.nearby])
    is_now = window.last == shown.view.snapshot.tick.number
    now = sum_known(list(shown.amounts(parts_of(shown.row_series.metric))))[np.newaxis] if is_now else None
    series = shown.row_series.history.values(shown.ids, window.first, window.last + 1, now)[0]
    return np.take(series, numbers - window.first, axis=1)
