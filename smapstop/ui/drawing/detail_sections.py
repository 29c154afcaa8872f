"""Draw the sections of the detail of one mapping as lines."""

import textwrap
from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.kinds import Kind
from smapstop.model.protocol import SharersReply
from smapstop.model.view.view_state import Units
from smapstop.text import format as fmt
from smapstop.text.mapping_detail import (
    ComparedTicks,
    FieldRow,
    FieldWidths,
    field_help,
    field_label,
    flags_of,
)
from smapstop.text.shared_memory import has_object, object_sentences
from smapstop.text.units import UnitFormat
from smapstop.ui.drawing.style import CURSOR_MARK, DrawStyle, draw_rule

# the fields


def draw_field_header(
    widths: FieldWidths, units: Units, titles: tuple[str, str, str], style: DrawStyle, width: int
) -> Strip:
    """Draw the column titles of the field table.

    Args:
        titles: Titles of the columns of the compared ticks, before and after, and of the history.
    """
    before, after, history = titles
    name = f"Field, {UnitFormat(units).sign or 'kB'}"
    text = f"  {fmt.clip(name, widths.label).ljust(widths.label)} "
    if widths.before:
        text += f"{fmt.clip(before, widths.before).rjust(widths.before)}   "
    text += after.ljust(widths.after)
    if widths.delta:
        text += "Δ".rjust(widths.delta)
    if widths.rate:
        text += "Rate".rjust(widths.rate)
    if widths.history:
        text += f"  {fmt.clip(history, widths.history).ljust(widths.history)}"
    if widths.last:
        text += "Last change".rjust(widths.last)
    return Strip([Segment(fmt.pad(fmt.clip(text, width), width), style.header)], width)


def draw_field(
    row: FieldRow, widths: FieldWidths, style: DrawStyle, width: int, kind: Kind, *, cursor: bool
) -> Strip:
    """Draw one field: a change is emphasised by arrow, sign and colour; zeros are dimmed."""
    changed = bool(row.change) and row.change == row.change
    ground = _row_background(row, style, cursor=cursor)
    plain = style.quiet if row.zero else style.base
    loud = style.change_style(row.change) if changed and not row.by_others else style.quiet
    amount = style.quiet if row.amount <= 0 else style.base
    cells = [
        (f"{CURSOR_MARK if cursor else ' '} ", style.bold),
        (row.label.ljust(widths.label + 1), style.bold if changed and not row.by_others else plain),
    ]
    if widths.before:
        cells.append((row.before.rjust(widths.before), style.base if changed else style.quiet))
        cells.append((" → " if changed else "   ", loud))
    cells.append((row.after.ljust(widths.after), loud if changed else amount))
    if widths.delta:
        cells.append((row.delta.rjust(widths.delta), loud))
    if widths.rate:
        cells.append((row.rate.rjust(widths.rate), loud))
    if widths.history:
        colour = style.palette.quiet if row.constant or row.by_others else style.palette.colours[kind]
        cells.append((f"  {row.history}", style.base + Style(color=colour)))
    if widths.last:
        cells.append(
            (row.last.rjust(widths.last), style.base if row.age is not None and row.age < 4 else style.quiet)
        )
    return Strip([Segment(text, style + ground) for text, style in cells]).adjust_cell_length(
        width, style.base + ground
    )


def _row_background(row: FieldRow, style: DrawStyle, *, cursor: bool) -> Style:
    """Background of a row: that of the cursor, or highlighted if the field just changed."""
    if cursor:
        return style.cursor
    if row.age is not None and row.age < len(style.palette.fade):
        return Style(bgcolor=style.palette.fade[row.age])
    return Style()


def draw_folded_fields(hidden: int, key: str, style: DrawStyle, width: int) -> Strip:
    """Draw the line that replaces the fields that are 0, with the key that shows them."""
    text = f"  … {hidden} field{' is' if hidden == 1 else 's are'} 0 ({key} shows them)"
    return style.line([Segment(text, style.quiet)], width)


def draw_field_help(name: str, names: Sequence[str], style: DrawStyle, width: int, max_lines: int) -> list[Strip]:
    """Draw the help of a field, always in as many lines as the longest help of `names`, so that nothing moves."""
    wrapped = {each: textwrap.wrap(f"{field_label(each)}: {field_help(each)}", width - 3) for each in {name, *names}}
    height = min(max_lines, max(map(len, wrapped.values())))
    lines = wrapped[name]
    if len(lines) > height:
        lines = [*lines[: height - 1], fmt.clip(lines[height - 1] + fmt.CUT, width - 3)]
        lines[-1] = lines[-1].rstrip(f".,;: {fmt.CUT}") + fmt.CUT
    label = f"{field_label(name)}:"
    first = [
        Segment(" ▏", style.header),
        Segment(label, style.header + Style(bold=True)),
        Segment(lines[0][len(label) :], style.header + Style(bold=False)),
    ]
    rest = [[Segment(f" ▏{line}", style.header + Style(bold=False))] for line in lines[1:]]
    blank = [[Segment(" ▏", style.header)]] * (height - len(lines))
    return [Strip(line).adjust_cell_length(width, style.header) for line in (first, *rest, *blank)]


# below the fields


def draw_flags(history: MappingHistory, ticks: ComparedTicks, style: DrawStyle, width: int) -> list[Strip]:
    """Draw the VmFlags with their meanings; unknown codes have none."""
    known = flags_of(history.states[history.step_at(ticks.number)])
    if not known:
        return []
    lines: list[list[Segment]] = [[]]
    for code, words in known:
        segments = [Segment(f" {code}", style.bold), Segment(f" {words}  " if words else "  ", style.quiet)]
        used = sum(segment.cell_length for segment in (*lines[-1], *segments))
        if lines[-1] and used > width:
            lines.append([])
        lines[-1] += segments
    return [draw_rule("VmFlags", style, width), *(style.line(line, width) for line in lines)]


def draw_object(
    history: MappingHistory,
    ticks: ComparedTicks,
    sharers: SharersReply | None,
    unit: UnitFormat,
    style: DrawStyle,
    width: int,
) -> list[Strip]:
    """Draw what the object of shared memory holds, and who else maps it; nothing for other mappings."""
    state = history.states[history.step_at(ticks.number)]
    if not has_object(state):
        return []
    texts = [
        line
        for sentence in object_sentences(state, sharers, unit)
        for line in textwrap.wrap(sentence, max(1, width - 2))
    ]
    lines = [style.line([Segment(f" {text}", style.base)], width) for text in texts]
    return [draw_rule("Shared memory", style, width), *lines]
