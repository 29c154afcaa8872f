"""The sections of the detail of one mapping, drawn as lines."""

import textwrap
from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory, label_at
from smapstop.model.kinds import Kind
from smapstop.text import format as fmt
from smapstop.text.kinds import LETTERS
from smapstop.text.lifecycle import LastChange, last_change, lifecycle_lines, unchanged_text
from smapstop.text.mapping_detail import (
    ComparedTicks,
    FieldRow,
    FieldWidths,
    exact_amount,
    facts_of,
    field_help,
    field_label,
    flags_of,
    flow,
    title_of,
)
from smapstop.text.mechanisms import EXPLANATIONS, sentence_of
from smapstop.ui.drawing import tabs
from smapstop.ui.drawing.style import Look, rule

# the title


def title(life: MappingHistory, view: ComparedTicks, look: Look, width: int, height: int) -> list[Strip]:
    """What the mapping is, where it is, and how it last changed; shorter when there are few lines for everything."""
    state = life.states[life.step_at(view.number)]
    kind, name = title_of(state, label_at(life.timeline, view.number, life.mapping))
    room = width - len(kind) - 6 - tabs.WIDTH
    letter = look.base + Style(color=look.palette.colours[kind], bold=True, reverse=True)
    names = textwrap.wrap(name, room) if height >= 20 and room > 0 else []
    if not 1 <= len(names) <= 2:
        names = [fmt.shorten(name, room)]
    lines = [
        [Segment(f" {LETTERS[kind]} ", letter), Segment(f" {kind}  ", look.quiet), Segment(names[0], look.bold)],
        *([Segment(" " * (len(kind) + 6) + rest, look.bold)] for rest in names[1:]),
    ]
    if view.notice:
        lines.append([Segment(fmt.clip(f" {view.notice}", width), look.warning)])
    if height >= 8:
        facts = [f" {fact}" for fact in flow(facts_of(state), width - 2)]
        lines += [[Segment(fact, look.base)] for fact in (facts if height >= 16 else facts[:1])]
        lines.append(_last_change(life, last_change(life, view.number), look, width))
    first, *rest = [look.line(line, width) for line in lines]
    return [tabs.tabbed(first, "detail", look.base, look.quiet), *rest]


def _last_change(life: MappingHistory, last: LastChange | None, look: Look, width: int) -> list[Segment]:
    """The last change: what became of the mapping, and its fields, as much as there is room for."""
    if last is None:
        return [Segment(f" {unchanged_text(life)}", look.quiet)]
    ago = last.ago if last.ago == "now" else f"{last.ago} ago"
    parts = [[Segment(f"  {text}", look.base)] for text in last.lifecycle]
    parts += [
        [
            Segment(f"  {field_label(name)} ", look.base),
            Segment(f"{exact_amount(was, 14)}→{exact_amount(now, 14)}", look.of_change(now - was)),
        ]
        for name, was, now in last.fields
    ]
    segments = [Segment(" changed ", look.quiet), Segment(ago, look.base)]
    for part in parts:
        if sum(segment.cell_length for segment in (*segments, *part)) > width - 2:
            return [*segments, Segment(" …", look.quiet)]
        segments += part
    return segments


def why(last: LastChange | None, look: Look, width: int, most: int) -> list[Strip]:
    """Why it last changed: a plain sentence for each mechanism, in at most so many lines."""
    if last is None:
        return []
    lines: list[list[Segment]] = []
    for event in last.events:
        explanation = EXPLANATIONS[event.what]
        mark = Segment(f" {'▌' if event.sure else '?'} ", look.warning)
        sentence = sentence_of(event)
        told = [*textwrap.wrap(sentence, width - 5, break_on_hyphens=False), explanation.source]
        lines += [[mark, Segment(text, look.quiet if text is told[-1] else look.base)] for text in told]
    if len(lines) > most:
        lines = lines[:most]
        if lines:
            lines[-1] = [*lines[-1], Segment(f" {fmt.CUT}", look.quiet)]
    return [look.line(line, width) for line in lines]


# the fields


def field_header(widths: FieldWidths, titles: tuple[str, str, str], look: Look, width: int) -> Strip:
    """The titles of the columns; those of the compared moments and of the history say which."""
    before, after, history = titles
    text = f"  {fmt.clip('Field, kB', widths.label).ljust(widths.label)} "
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
    return Strip([Segment(fmt.pad(fmt.clip(text, width), width), look.header)], width)


def field_line(row: FieldRow, widths: FieldWidths, look: Look, width: int, kind: Kind, *, cursor: bool) -> Strip:
    """One field: what changed stands out by its arrow, sign and colour, what is 0 is quiet."""
    changed = bool(row.change) and row.change == row.change
    ground = _ground(row, look, cursor=cursor)
    plain = look.quiet if row.zero else look.base
    loud = look.of_change(row.change) if changed else look.quiet
    amount = look.quiet if row.zero else look.base + Style(color=look.palette.heat_of(row.amount))
    cells = [
        ("▸ " if cursor else "  ", look.bold),
        (row.label.ljust(widths.label + 1), look.bold if changed else plain),
    ]
    if widths.before:
        cells.append((row.before.rjust(widths.before), look.base if changed else look.quiet))
        cells.append((" → " if changed else "   ", loud))
    cells.append((row.after.ljust(widths.after), loud if changed else amount))
    if widths.delta:
        cells.append((row.delta.rjust(widths.delta), loud))
    if widths.rate:
        cells.append((row.rate.rjust(widths.rate), loud))
    if widths.history:
        colour = look.palette.quiet if row.constant else look.palette.colours[kind]
        cells.append((f"  {row.history}", look.base + Style(color=colour)))
    if widths.last:
        cells.append((row.last.rjust(widths.last), look.base if row.age is not None and row.age < 4 else look.quiet))
    return Strip([Segment(text, style + ground) for text, style in cells]).adjust_cell_length(
        width, look.base + ground
    )


def _ground(row: FieldRow, look: Look, *, cursor: bool) -> Style:
    """What a row stands on: lit when it has just changed."""
    if cursor:
        return look.cursor
    if row.age is not None and row.age < len(look.palette.fade):
        return Style(bgcolor=look.palette.fade[row.age])
    return Style()


def folded_line(hidden: int, key: str, look: Look, width: int) -> Strip:
    """The line in place of the fields that are 0, with the key that shows them."""
    text = f"  … {hidden} field{' is' if hidden == 1 else 's are'} 0 ({key} shows them)"
    return look.line([Segment(text, look.quiet)], width)


def help_lines(name: str, names: Sequence[str], look: Look, width: int, most: int) -> list[Strip]:
    """What a field counts; always as many lines as the longest of these names needs, so that nothing moves."""
    wrapped = {each: textwrap.wrap(f"{field_label(each)}: {field_help(each)}", width - 3) for each in {name, *names}}
    height = min(most, max(map(len, wrapped.values())))
    lines = wrapped[name]
    if len(lines) > height:
        lines = [*lines[: height - 1], fmt.clip(lines[height - 1] + fmt.CUT, width - 3)]
        lines[-1] = lines[-1].rstrip(f".,;: {fmt.CUT}") + fmt.CUT
    label = f"{field_label(name)}:"
    first = [
        Segment(" ▏", look.header),
        Segment(label, look.header + Style(bold=True)),
        Segment(lines[0][len(label) :], look.header + Style(bold=False)),
    ]
    rest = [[Segment(f" ▏{line}", look.header + Style(bold=False))] for line in lines[1:]]
    blank = [[Segment(" ▏", look.header)]] * (height - len(lines))
    return [Strip(line).adjust_cell_length(width, look.header) for line in (first, *rest, *blank)]


# what is below the fields, or beside them


def flags(life: MappingHistory, view: ComparedTicks, look: Look, width: int) -> list[Strip]:
    """The VmFlags in words; codes that smapstop does not know as they are."""
    known = flags_of(life.states[life.step_at(view.number)])
    if not known:
        return []
    lines: list[list[Segment]] = [[]]
    for code, words in known:
        segments = [Segment(f" {code}", look.bold), Segment(f" {words}  " if words else "  ", look.quiet)]
        used = sum(segment.cell_length for segment in (*lines[-1], *segments))
        if lines[-1] and used > width:
            lines.append([])
        lines[-1] += segments
    return [rule("VmFlags", look, width), *(look.line(line, width) for line in lines)]


def life_lines(life: MappingHistory, view: ComparedTicks, look: Look, width: int) -> list[Strip]:
    """What happened to the mapping as a whole, the newest first."""
    told = lifecycle_lines(life, view.number)
    lines = [
        look.line([Segment(f" {when}  ", look.quiet), Segment(fmt.clip(what, width - 13), look.base)], width)
        for when, what in told
    ]
    return [rule("Life", look, width), *lines]
