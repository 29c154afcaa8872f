"""Draw the lines around the grid of pages: facts, box, legends and list."""

from collections.abc import Mapping, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.pages.page_grid import PageNumbers
from smapstop.proc.pages.page_states import PageState
from smapstop.text import format as fmt
from smapstop.text import pages as words
from smapstop.text.mapping_detail import flow
from smapstop.text.pages import StateNames
from smapstop.text.symbols import join_symbols
from smapstop.ui.drawing.style import CURSOR_MARK, DrawStyle, draw_rule
from smapstop.ui.pages.canvas_layout import CowListLayout
from smapstop.ui.pages.cells import CellPainter
from smapstop.ui.pages.page_view import PageView

NamesByRange = Mapping[tuple[int, int], tuple[str, ...]]
"""Symbols on pages by address range; ranges that were not requested yet are missing."""


def draw_facts(texts: Sequence[str], style: DrawStyle, width: int) -> list[Strip]:
    """Draw facts about the mapping and the snapshot of its pages."""
    return [style.line([Segment(f" {line}", style.base)], width) for line in flow(texts, width - 2)]


def draw_notice(text: str, style: DrawStyle, width: int) -> Strip:
    """Draw a notice: why the pages are not current, or missing."""
    return style.line([Segment(fmt.clip(f" {text}", width), style.warning)], width)


def draw_box(lines: Sequence[Sequence[tuple[str, bool]]], style: DrawStyle, width: int) -> list[Strip]:
    """Draw the box about the cell under the cursor.

    Args:
        lines: Lines of texts, each with whether it is bold.
    """
    drawn = []
    for line in lines:
        segments, room = [Segment(" ▏", style.header)], width - 3
        for text, bold in line:
            clipped = fmt.clip(text, room)
            room -= fmt.cell_width(clipped)
            segments.append(Segment(clipped, style.header + Style(bold=bold)))
        drawn.append(Strip(segments).adjust_cell_length(width, style.header))
    return drawn


def draw_legend(counts: PageNumbers, names: StateNames, painter: CellPainter, style: DrawStyle, width: int) -> Strip:
    """Draw the number of pages in each state on one line; states that do not fit are omitted."""
    segments = [Segment(" ", style.base)]
    for state, count in words.states_by_count(counts):
        name = Segment(f" {names[state]} ", style.base)
        new = [painter.swatch(state), name, Segment(f"{count:,}  ", style.bold)]
        if sum(segment.cell_length for segment in (*segments, *new)) > width:
            break
        segments += new
    return style.line(segments, width)


def draw_tall_legend(
    counts: PageNumbers, names: StateNames, painter: CellPainter, style: DrawStyle, width: int
) -> list[Strip]:
    """Draw the number of pages in each state, one state per line, with a bar for its share."""
    lines, total = [draw_rule("Pages", style, width)], max(1, int(counts.sum()))
    states = words.states_by_count(counts)
    name_width = max(15, *(len(names[state]) for state, _ in states))
    count_width = max(len(f"{count:,}") for _, count in states)
    for state, count in states:
        text = f" {names[state]:<{name_width}} {count:>{count_width},} "
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
    """Draw the list of pages copied on write: a title, and one line per page in address order.

    Args:
        view: View of the pages.
        names: Symbols on the pages.
        cursor: Page under the cursor.
        style: Palette and styles.
        area: Pages to list, and the room for them.
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
        has_cursor = page == cursor
        ground = style.cursor if has_cursor else Style()
        place_text = f" {start:012x} " + (f"{words.offset_text(at, page, view.offset):<24}" if wide else "")
        segments = [
            Segment(CURSOR_MARK if has_cursor else " ", style.bold + ground),
            Segment(place_text, (style.base if wide else style.quiet) + ground),
            Segment("● " if changed else "  ", style.warning + ground),
            Segment(fmt.clip(name, width - fmt.cell_width(place_text) - 3), style.bold + ground),
        ]
        lines.append(Strip(segments).adjust_cell_length(width, style.base + ground))
    return lines
