"""The lines around the grid of pages: what the mapping is, what is under the cursor, what there is of each state."""

from collections.abc import Mapping, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingState as Entry
from smapstop.model.labels import Label
from smapstop.model.pages.page_grid import PageNumbers
from smapstop.proc.pages.page_states import PageState
from smapstop.text import format as fmt
from smapstop.text import pages as words
from smapstop.text.kinds import LETTERS
from smapstop.text.mapping_detail import flow, title_of
from smapstop.text.symbols import join_symbols
from smapstop.ui.drawing import tabs
from smapstop.ui.drawing.style import DrawStyle, draw_rule
from smapstop.ui.pages.canvas_layout import CowListLayout
from smapstop.ui.pages.cells import CellPainter
from smapstop.ui.pages.page_view import PageView

NamesByRange = Mapping[tuple[int, int], tuple[str, ...]]
"""What lies on pages, by their addresses; those that were not asked about are missing."""


def draw_title(mapping_state: Entry, label: Label | None, style: DrawStyle, width: int) -> Strip:
    """What the mapping is, and the tabs."""
    kind, name = title_of(mapping_state, label)
    letter = style.base + Style(color=style.palette.colours[kind], bold=True, reverse=True)
    line = [
        Segment(f" {LETTERS[kind]} ", letter),
        Segment(f" {kind}  ", style.quiet),
        Segment(fmt.shorten(name, width - len(kind) - 6 - tabs.TABS_WIDTH), style.bold),
    ]
    return tabs.draw_tabs(style.line(line, width), "pages", style.base, style.quiet)


def draw_facts(texts: Sequence[str], style: DrawStyle, width: int) -> list[Strip]:
    """Facts about the mapping and the look at it."""
    return [style.line([Segment(f" {line}", style.base)], width) for line in flow(texts, width - 2)]


def draw_notice(text: str, style: DrawStyle, width: int) -> Strip:
    """That this is not how the mapping is now, or why nothing is seen."""
    return style.line([Segment(fmt.clip(f" {text}", width), style.warning)], width)


def draw_box(lines: Sequence[Sequence[tuple[str, bool]]], style: DrawStyle, width: int) -> list[Strip]:
    """Lines about what is under the cursor, of texts that are bold or not."""
    drawn = []
    for line in lines:
        segments, room = [Segment(" ▏", style.header)], width - 3
        for text, bold in line:
            shown = fmt.clip(text, room)
            room -= fmt.cell_width(shown)
            segments.append(Segment(shown, style.header + Style(bold=bold)))
        drawn.append(Strip(segments).adjust_cell_length(width, style.header))
    return drawn


def draw_legend(counts: PageNumbers, painter: CellPainter, style: DrawStyle, width: int) -> Strip:
    """How many pages there are of each state, on one line; what has no room is left out."""
    segments = [Segment(" ", style.base)]
    for state, count in words.states_by_count(counts):
        name = Segment(f" {words.state_name(state)} ", style.base)
        new = [painter.swatch(state), name, Segment(f"{count:,}  ", style.bold)]
        if sum(segment.cell_length for segment in (*segments, *new)) > width:
            break
        segments += new
    return style.line(segments, width)


def draw_tall_legend(counts: PageNumbers, painter: CellPainter, style: DrawStyle, width: int) -> list[Strip]:
    """The same with a line for each state, and a bar for its share."""
    lines, total = [draw_rule("Pages", style, width)], max(1, int(counts.sum()))
    for state, count in words.states_by_count(counts):
        text = f" {words.state_name(state):<15} {count:>9,} "
        room = max(0, width - fmt.cell_width(text) - 5)
        bar = "━" * max(1, round(room * count / total))
        colour = painter.background_of(state).bgcolor
        ink = (
            style.quiet if state is PageState.NOT_PRESENT or colour is None else style.base + Style.from_color(colour)
        )
        line = [Segment(" ", style.base), painter.swatch(state), Segment(text, style.base), Segment(bar, ink)]
        lines.append(style.line(line, width))
    return lines


def draw_cow_list(
    view: PageView, names: NamesByRange, cursor: int, style: DrawStyle, area: CowListLayout
) -> list[Strip]:
    """The title of the list of the pages that were copied on write, and its lines, by address.

    Args:
        view: That has them.
        names: What lies on them.
        cursor: The page under the cursor.
        look: What to draw with.
        area: Which of them are listed, and how much room there is.
    """
    at, width, wide = view.snapshot, area.width, area.has_offsets
    total = view.cow_pages.pages
    kb = fmt.amount(total * at.page_bytes // 1024)
    head = f"Copied on write: {fmt.pages_text(total)}, {kb}" if total else "Nothing was copied on write"
    if fmt.cell_width(head) > width - 4:
        head = head.replace("Copied on write", "Copied")
    lines = [draw_rule(head, style, width)]
    for page in area.pages:
        start = page * at.page_bytes
        name = join_symbols(names.get((start, start + at.page_bytes), ()))
        changed = view.changes.next_page(page) == page
        here = page == cursor
        ground = style.cursor if here else Style()
        place_text = f" {start:012x} " + (f"{words.offset_text(at, page, view.offset):<24}" if wide else "")
        segments = [
            Segment("▸" if here else " ", style.bold + ground),
            Segment(place_text, (style.base if wide else style.quiet) + ground),
            Segment("● " if changed else "  ", style.warning + ground),
            Segment(fmt.clip(name, width - fmt.cell_width(place_text) - 3), style.bold + ground),
        ]
        lines.append(Strip(segments).adjust_cell_length(width, style.base + ground))
    return lines
