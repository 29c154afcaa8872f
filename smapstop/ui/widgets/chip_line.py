"""Line above the table: which rows the filter or the user chose, how many and how much; hidden without either."""

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from smapstop.lazy_dataclass import dataclass
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.row_sums import RowSums, mappings_text, sums_of
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.state.session import Session
from smapstop.ui.theme.app_theme import palette_of

DROP = " ✕ "


@dataclass(frozen=True, slots=True)
class Chip:
    """What chose some mappings, and their sums."""

    text: str
    sums: RowSums | None
    """None for a search."""
    count: str
    """How many mappings these are; empty if `text` says so."""
    edit: str
    """Action of a click on it; empty for none."""
    drop: str
    """Action of a click on its ✕."""


def _chips(session: Session, view: View, hit: int | None, hits: int) -> tuple[Chip, ...]:
    """Chips of what is selected, of the search, and of the filter."""
    chips = []
    selection, expression = session.selection, view.state.filter
    if selection:
        sums = sums_of(view, np.isin(view.mappings.ids, selection))
        hint = ", moving extends" if session.row_selection.anchor is not None else ""
        chips.append(Chip(f"{mappings_text(sums.count)} selected{hint}", sums, "", "", "app.command('select none')"))
    if session.search:
        count = f"{hit:,} of {hits:,}" if hit else f"{hits:,} found" if hits else "not found"
        text = f"find {fmt.printable(session.search)}"
        chips.append(Chip(text, None, count, "app.command('find')", "app.command('find off')"))
    if expression:
        sums, total = sums_of(view, view.matching), int(np.count_nonzero(~view.mappings.gone))
        count = f"{sums.count:,} of {mappings_text(total)}"
        text = f"filter {fmt.printable(expression)}"
        chips.append(Chip(text, sums, count, "screen.filter", "app.command('filter')"))
    return tuple(chips)


class ChipLine(Widget):
    """One line of chips; a click on one edits it, a click on its ✕ drops it."""

    COMPONENT_CLASSES = {"chips--chip"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    ChipLine { height: 1; display: none; background: $background; color: $foreground;
      &.-shown { display: block; }
      & > .chips--chip { background: $primary 40%; color: $foreground; }
    }
    ChipLine:ansi > .chips--chip { background: ansi_default; color: ansi_default; text-style: reverse; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._chips: tuple[Chip, ...] = ()
        self._actions: list[tuple[range, str]] = []

    def show(self, session: Session, view: View, hit: int | None = None, hits: int = 0) -> None:
        """Show the selection, the hits of the search, and the matches of the filter.

        Args:
            session: Selection and search.
            view: The view shown.
            hit: Number of the hit under the cursor, from 1; None if it is on none.
            hits: Number of hits.
        """
        chips = _chips(session, view, hit, hits)
        self.set_class(bool(chips), "-shown")
        if chips != self._chips:
            self._chips = chips
            self.refresh()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002  (there is one)
        """Draw the line; sums for which there is no room are left out, and long texts are cut."""
        width = self.size.width
        chip_style = self.get_component_rich_style("chips--chip")
        style = DrawStyle(palette_of(self.app), self.rich_style, chip_style, chip_style)
        segments: list[Segment] = []
        self._actions = []
        for chip in self._chips:
            at = sum(segment.cell_length for segment in segments)
            room = width - at - len(DROP) - 2
            if room < 8:
                break
            text = f" {fmt.clip(chip.text, room)}"
            end = at + 1 + fmt.cell_width(text)
            self._actions += [(range(at, end), chip.edit), (range(end, end + len(DROP)), chip.drop)]
            segments += [Segment(" ", style.base), Segment(text, chip_style), Segment(DROP, chip_style + _BOLD)]
            segments += _sums(chip, style, width - end - len(DROP))
        return style.line(segments, width)

    async def on_click(self, event: events.Click) -> None:
        """Edit or drop what was clicked."""
        action = next((action for cells, action in self._actions if event.x in cells), "")
        if action:
            await self.run_action(action)


_BOLD = Style(bold=True)


def _sums(chip: Chip, style: DrawStyle, room: int) -> list[Segment]:
    """The sums of a chip, as far as there is room."""
    sums, parts = chip.sums, [(f"  {chip.count}" if chip.count else "", style.quiet)]
    if sums is not None:
        parts += [
            (f"  {sums.amount}", style.quiet if sums.is_earlier else style.bold),
            (f" {sums.change}" if sums.change else "", style.change_style(sums.kb) if sums.kb else style.quiet),
            (f" {sums.rate}" if sums.rate else "", style.quiet),
        ]
    parts.append(("  ", style.base))
    segments: list[Segment] = []
    for text, ink_of in parts:
        room -= fmt.cell_width(text)
        if room < 0:
            break
        segments.append(Segment(text, ink_of))
    return segments
