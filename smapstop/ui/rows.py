"""What the visible rows of the table say, as text: only these become Python objects. No Textual here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import Kind, file_part
from smapstop.model.rows import RESTLESS
from smapstop.model.scene import Scene
from smapstop.model.sheet import Sheet
from smapstop.model.timeline import Timeline
from smapstop.ui import format as fmt
from smapstop.ui.columns import Column
from smapstop.ui.palette import LETTERS
from smapstop.ui.why import VERBS, labels

HISTORY_TICKS = 120
"""The longest time that a row's history shows."""
_STEPS = (1, 2, 5, 10, 20, 40, HISTORY_TICKS)
_KINDS = list(Kind)
Indices = NDArray[np.intp]
Columns = Sequence[tuple[Column, int]]
"""Columns with the width that each has."""


@dataclass(frozen=True, slots=True)
class Row:
    """One visible row."""

    id: int
    cells: tuple[str, ...]
    """The text of each column, printable, not yet padded."""
    numbers: tuple[float, ...]
    """What each text says as a number, for its colour; 0 where it says none."""
    kind: Kind
    age: int | None
    """Ticks since it last changed; None when it never did."""
    gone: bool


def rows_of(scene: Scene, timeline: Timeline, which: Indices, columns: Columns) -> list[Row]:
    """The rows `which` of a scene's sheet, as text for these columns."""
    sheet, now = scene.sheet, scene.moment.tick.number
    texts = [_texts(scene, timeline, which, column, width) for column, width in columns]
    numbers = [_numbers(sheet, which, column) for column, _ in columns]
    return [
        Row(mapping, cells, values, _KINDS[kind], now - moved if moved >= 0 else None, gone)
        for mapping, cells, values, kind, moved, gone in zip(
            sheet.ids[which].tolist(),
            zip(*texts, strict=True),
            zip(*numbers, strict=True),
            sheet.kind[which].tolist(),
            sheet.moved[which].tolist(),
            sheet.gone[which].tolist(),
            strict=True,
        )
    ]


def _texts(scene: Scene, timeline: Timeline, which: Indices, column: Column, width: int) -> list[str]:
    """The texts of a column."""
    sheet = scene.sheet
    rows = which.tolist()
    match column.look:
        case "name":
            return [_fitting_name(sheet, row, width - 2) for row in rows]
        case "text":
            return [fmt.printable(sheet.texts[code]) for code in sheet.perms[which].tolist()]
        case "address":
            return [f"{start:x}" for start in sheet.start[which].tolist()]
        case "history":
            return histories(scene, timeline, which, width)
        case "happened":
            return [_happened(scene, timeline, row, width) for row in rows]
        case "amount":
            return _spelled(fmt.amount, sheet.get(column.key), which)
        case "change":
            return _spelled(fmt.signed, sheet.deltas.get("rss"), which)
        case "rate":
            if sheet.seconds is None:
                return [fmt.UNKNOWN] * len(rows)
            return [fmt.rate(change / sheet.seconds) for change in sheet.deltas["rss"][which].tolist()]


def _spelled(spell: Callable[[float | None], str], column: NDArray[np.int64] | None, which: Indices) -> list[str]:
    """The values of a column, each spelled; unknown when the kernel does not print it."""
    return [fmt.UNKNOWN] * len(which) if column is None else [spell(value) for value in column[which].tolist()]


def _numbers(sheet: Sheet, which: Indices, column: Column) -> list[float]:
    """What the texts of a column say as numbers."""
    values = sheet.deltas.get("rss") if column.look in ("change", "rate") else sheet.get(column.key)
    return [0] * len(which) if values is None else values[which].tolist()


def name_of(sheet: Sheet, row: int) -> str:
    """The name of a row: of a group with its size, of a file with its part, of nameless memory with its address."""
    name = sheet.texts[int(sheet.name[row])]
    if sheet.ids[row] < 0:
        return f"{name} × {int(sheet.members[row])}"
    if not name:
        return f"anon {int(sheet.start[row]):x}"
    kind = _KINDS[int(sheet.kind[row])]
    part = file_part(sheet.texts[int(sheet.perms[row])]) if kind is Kind.FILE else ""
    return f"{name} {part}".rstrip()


def _fitting_name(sheet: Sheet, row: int, width: int) -> str:
    """As much of a row's name as fits: with its path, without it, without its part, or the end of it."""
    name = fmt.printable(name_of(sheet, row))
    if name.startswith("/") and fmt.cells(name) > width:
        name = name[name.rindex("/") + 1 :]
        if fmt.cells(name) > width and sheet.ids[row] >= 0:
            name = name.removesuffix(file_part(sheet.texts[int(sheet.perms[row])])).rstrip()
    return fmt.shorten(name, width)


def letter_of(kind: Kind) -> str:
    """The letter that repeats what the colour of a kind says."""
    return LETTERS[kind.value]


def history_step(ticks: int, width: int) -> int:
    """How many ticks one glyph of a history stands for: few while there are few, so that the first moves show."""
    return next((step for step in _STEPS if step * width >= min(ticks, HISTORY_TICKS)), _STEPS[-1])


def histories(scene: Scene, timeline: Timeline, which: Indices, width: int) -> list[str]:
    """Rss of each row over the last ticks, as block glyphs; of groups there is none."""
    number = scene.moment.tick.number
    step = history_step(number + 1, width)
    # glyphs end at multiples of the step, so that they do not change as time goes on, but only move
    stop = (number // step + 1) * step
    first = max(0, stop - width * step)
    values = np.full((len(which), width * step), np.nan)
    seen = timeline.series(scene.sheet.ids[which], "rss", first, number + 1)
    at = width * step - (stop - first)
    values[:, at : at + seen.shape[1]] = seen
    return fmt.sparkline(_last_known(values.reshape(len(which), width, step)))


def _last_known(bins: NDArray[np.float64]) -> NDArray[np.float64]:
    """The last value of each bin that is known, NaN when none is; shape (rows, bins, ticks) to (rows, bins)."""
    last = bins[:, :, 0].copy()
    for at in range(1, bins.shape[2]):
        known = ~np.isnan(bins[:, :, at])
        last[known] = bins[:, :, at][known]
    return last


def _happened(scene: Scene, timeline: Timeline, row: int, width: int) -> str:
    """The last change of a row, and how long ago it was."""
    sheet, tick = scene.sheet, scene.moment.tick
    moved = int(sheet.moved[row])
    if moved < 0 or sheet.ids[row] < 0:
        return ""
    when = timeline.ticks[moved]
    age = fmt.age((tick.monotonic_ns - when.monotonic_ns) / 1e9 - tick.interval_ns / 2e9)
    return f"{fmt.clip(change_text(timeline, int(sheet.ids[row]), moved), width - len(age) - 3)} · {age}"


def change_text(timeline: Timeline, mapping: int, number: int) -> str:
    """What happened to a mapping at a tick: the mechanisms, else what became of it, else the fields that moved."""
    tick = timeline.ticks[number]
    became = [VERBS[step.what] for step in tick.lineage if step.mapping == mapping]
    why = labels(tick.events.of(mapping), tick.symbols_of(mapping))
    if why or became:
        return "; ".join(filter(None, [why, ", ".join(became)]))
    deltas = timeline.change(mapping, number)
    told = [f"{name} {fmt.signed(delta)}" for name, delta in deltas.items() if delta and name not in RESTLESS]
    return " ".join(told) or "flags changed"
