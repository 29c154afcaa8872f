"""Draws cells of pages: a letter on the colour of a state, two colours where it is mixed, a mark on changes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.kinds import Kind
from smapstop.model.pages.page_grid import PageCells, PageNumbers
from smapstop.proc.pages.page_states import PAGE_STATES, PageState
from smapstop.text import format as fmt
from smapstop.text.pages import LETTERS
from smapstop.ui.drawing.charts import code_points, strips_of
from smapstop.ui.pages.layout import GridLayout
from smapstop.ui.theme.palette import Palette, Role

STATE_ROLES: Mapping[PageState, Role] = MappingProxyType(
    {
        PageState.FILE: Kind.FILE,
        PageState.COPIED: Kind.ANONYMOUS,
        PageState.ANONYMOUS: Kind.ANONYMOUS,
        PageState.SHARED_MEMORY: Kind.SHARED,
        PageState.ZERO: Kind.SPECIAL,
        PageState.SWAPPED: "swap",
        PageState.GUARD: Kind.HEAP,
        PageState.SPECIAL: Kind.SPECIAL,
    }
)
"""The colour of each state but of what is not present; those that share one are never in the same mapping."""
_ABSENT = PAGE_STATES.index(PageState.NOT_PRESENT)
_BLOCKS = code_points("▁▁▂▃▄▅▆▇▇")
_CAPITAL = code_points("".join(LETTERS[state] for state in PAGE_STATES))
_SMALL = code_points("".join(LETTERS[state].lower() for state in PAGE_STATES))
_N = len(PAGE_STATES)


class _StatePair(NamedTuple):
    """The two states that a cell shows, as positions in `PAGE_STATES`."""

    lower: NDArray[np.intp]
    """The one below: that of most pages, but never what is not present beside what is."""
    upper: NDArray[np.intp]
    """The other one; the same where the cell has one state alone."""
    eighths: NDArray[np.intp]
    """How much of the two is the lower one."""


def _state_pairs(counts: PageNumbers) -> _StatePair:
    """What cells show."""
    order = np.argsort(-counts, axis=1, kind="stable")
    most, second = order[:, 0], order[:, 1]
    alone = np.take_along_axis(counts, second[:, None], axis=1)[:, 0] == 0
    swap = (most == _ABSENT) & ~alone
    lower, upper = np.where(swap, second, most), np.where(alone, most, np.where(swap, most, second))
    low, high = (np.take_along_axis(counts, band[:, None], axis=1)[:, 0] for band in (lower, upper))
    eighths = np.rint(8 * low / np.maximum(1, low + high)).astype(np.intp)
    return _StatePair(lower, upper, eighths)


class CellPainter:
    """Draws with a palette on a base."""

    def __init__(self, palette: Palette, base: Style) -> None:
        self._palette, self._base = palette, base
        self._plain = palette.depth == "none"

    def background_of(self, state: PageState) -> Style:
        """What a state is drawn on: its colour; nothing where there are no colours, or no pages."""
        if self._plain or state is PageState.NOT_PRESENT:
            return self._base
        return self._base + Style(bgcolor=self._palette.colours[STATE_ROLES[state]])

    def letter_style(self, state: PageState, *, loud: bool = False) -> Style:
        """A letter on its state's colour: quiet, for the colour says it already, or loud where something changed."""
        palette = self._palette
        mark = Style(bold=True, underline=True) if loud else Style()
        if state is PageState.NOT_PRESENT:
            return self._base + Style(color=palette.gain if loud else palette.quiet) + mark
        if self._plain:
            return self._base + mark
        colour = palette.colours[STATE_ROLES[state]]
        ink = palette.label if loud else palette.fade_colour(colour, palette.label, 1)
        return Style(color=ink, bgcolor=colour) + mark

    def swatch(self, state: PageState) -> Segment:
        """A state in a legend."""
        return Segment(f" {LETTERS[state]} ", self.letter_style(state, loud=True) + Style(underline=False))

    @property
    def cursor_style(self) -> Style:
        """The cell under the cursor."""
        return self._base + Style(bold=True, reverse=True)

    # small cells

    def draw_small(self, cells: PageCells, columns: int, cell_columns: int, cursor: int | None) -> list[Strip]:
        """Rows of cells of one or two glyphs on a line.

        Args:
            cells: What they hold.
            columns: How many are in a row; the last row may be shorter.
            across: Glyphs of a cell.
            cursor: Which one is under the cursor.
        """
        two, changed = _state_pairs(cells.now), cells.changed > 0
        alone = two.lower == two.upper
        letters = alone | changed | self._plain
        said = np.where(alone, _CAPITAL[two.lower], _SMALL[two.lower])
        glyphs = np.where(letters, said, _BLOCKS[two.eighths])
        keys = np.where(letters, two.lower * 2 + changed, 2 * _N + two.lower * _N + two.upper)
        if cursor is not None:
            keys[cursor], glyphs[cursor] = 2 * _N + _N * _N, said[cursor]
        return self._rows(glyphs, keys, columns, cell_columns)

    def _rows(
        self, glyphs: NDArray[np.uint32], keys: NDArray[np.intp], columns: int, cell_columns: int
    ) -> list[Strip]:
        """Rows of glyphs; what a row lacks is blank."""
        blank = 2 * _N + _N * _N + 1
        rows = -(-len(glyphs) // columns)
        lacking = rows * columns - len(glyphs)
        glyphs = np.append(glyphs, np.full(lacking, ord(" "), np.uint32))
        keys = np.append(keys, np.full(lacking, blank))
        if cell_columns > 1:
            wide = np.full((len(glyphs), cell_columns), ord(" "), np.uint32)
            wide[:, 0] = glyphs
            blocks = (keys >= 2 * _N) & (keys < 2 * _N + _N * _N)
            wide[blocks] = glyphs[blocks, None]
            glyphs, keys = wide.ravel(), np.repeat(keys, cell_columns)
        return strips_of(glyphs.reshape(rows, -1), keys.reshape(rows, -1), self._styles())

    def _styles(self) -> list[Style]:
        """A style for each key: letters, quiet and loud; two colours; the cursor; nothing."""
        letters = [self.letter_style(state, loud=loud) for state in PAGE_STATES for loud in (False, True)]
        mixed = [self._mixed_style(lower, upper) for lower in PAGE_STATES for upper in PAGE_STATES]
        return [*letters, *mixed, self.cursor_style, self._base]

    def _mixed_style(self, lower: PageState, upper: PageState) -> Style:
        """A block of one state below another."""
        colour = self._palette.quiet if lower is PageState.NOT_PRESENT else self._palette.colours[STATE_ROLES[lower]]
        return self.background_of(upper) + Style(color=colour)

    # large cells

    def draw_large(self, layout: GridLayout, cells: PageCells, cursor: int, names: Mapping[int, str]) -> list[Strip]:
        """Rows of cells with room for words, and a gap around each.

        Args:
            layout: Where they are.
            cells: What those on the screen hold.
            cursor: The cell of the grid that is under the cursor.
            names: What lies on cells of the grid.
        """
        lines = []
        for row in range(layout.first, layout.stop, layout.columns):
            row_cells = range(row, min(row + layout.columns, layout.stop))
            texts = [self._cell_texts(cells, cell - layout.first, names.get(cell, ""), layout) for cell in row_cells]
            for line in range(layout.cell_lines):
                segments = list[Segment]()
                for cell, words in zip(row_cells, texts, strict=True):
                    text = words[line] if line < min(len(words), layout.cell_lines - 1) else ""
                    here = cell - layout.first
                    if line == layout.cell_lines - 1:
                        segments.append(Segment(" " * layout.cell_columns, self._base))
                    else:
                        under_cursor, loud = cell == cursor and line == 0, bool(cells.changed[here])
                        width = layout.cell_columns - 1
                        segments += self._band(cells.now[here], text, width, loud=loud, cursor=under_cursor)
                        segments.append(Segment(" ", self._base))
                lines.append(Strip(segments).adjust_cell_length(layout.width, self._base))
        return lines

    def _cell_texts(self, cells: PageCells, at: int, name: str, layout: GridLayout) -> Sequence[str]:
        """What stands in a large cell: its state, how it changed, and what lies on it."""
        width = layout.cell_columns - 1
        now, was = _cell_letter(cells.now[at]), _cell_letter(cells.was[at])
        head = f"{was}→{now}" if cells.changed[at] and was != now else now
        return [head.center(width), fmt.clip(name, width).center(width)]

    def _band(self, counts: PageNumbers, text: str, width: int, *, loud: bool, cursor: bool) -> list[Segment]:
        """One line of a large cell: the states beside each other, each as wide as its share, under the text."""
        text = fmt.clip(text, width)
        text += " " * (width - fmt.cell_width(text))
        if cursor:
            return [Segment(text, self.cursor_style)]
        edges = np.rint(np.cumsum(counts) * width / max(1, counts.sum())).astype(int).tolist()
        segments, start = list[Segment](), 0
        for state, end in zip(PAGE_STATES, edges, strict=True):
            if end > start:
                style = self.letter_style(state, loud=loud or state is not PageState.NOT_PRESENT)
                style += Style(underline=False, bold=loud)
                segments.append(Segment(text[start:end], style))
            start = max(start, end)
        return segments


def _cell_letter(counts: PageNumbers) -> str:
    """The letter of a cell, a small one when it is mixed."""
    (lower,), (upper,), _ = _state_pairs(counts[None])
    letter = LETTERS[PAGE_STATES[lower]]
    return letter if lower == upper else letter.lower()
