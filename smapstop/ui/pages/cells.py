"""Draw cells of pages: a letter on the state's colour, two colours for mixed cells, a mark on changed ones."""

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
from smapstop.proc.pages.page_states import BASE_STATES, PAGE_STATES, PageState
from smapstop.text import format as fmt
from smapstop.text.pages import LETTERS
from smapstop.ui.drawing.charts import code_points, strips_of
from smapstop.ui.pages.layout import GridLayout
from smapstop.ui.theme.contrast import blend, ensure_legible
from smapstop.ui.theme.palette import Palette, Role

_ROLES = {
    PageState.FILE: Kind.FILE,
    PageState.COPIED: Kind.ANONYMOUS,
    PageState.ANONYMOUS: Kind.ANONYMOUS,
    PageState.SHARED_MEMORY: Kind.SHARED,
    PageState.ZERO: Kind.SPECIAL,
    PageState.SWAPPED: "swap",
    PageState.GUARD: Kind.HEAP,
    PageState.SPECIAL: Kind.SPECIAL,
}
STATE_ROLES: Mapping[PageState, Role] = MappingProxyType(
    _ROLES | {state: _ROLES[base] for state, base in BASE_STATES.items()}
)
"""Colour of each state but NOT_PRESENT; states that share one never occur in the same mapping, except that pages
mapped elsewhere, too, have a darker shade of it, or none where there is no shade."""
_SHARED_SHADE = 0.35
"""Share of the colour over the background for pages that are mapped elsewhere, too."""
_ABSENT = PAGE_STATES.index(PageState.NOT_PRESENT)
_BLOCKS = code_points("▁▁▂▃▄▅▆▇▇")
_LETTER_POINTS = code_points("".join(LETTERS[state] for state in PAGE_STATES))
_IS_SHARED = np.array([state in BASE_STATES for state in PAGE_STATES])
_N = len(PAGE_STATES)


class _StatePair(NamedTuple):
    """The two states that each cell shows, as positions in `PAGE_STATES`; columns of shape (n,)."""

    lower: NDArray[np.intp]
    """The lower one: that of most pages, but not NOT_PRESENT if there is another."""
    upper: NDArray[np.intp]
    """The other of the two most frequent ones; equal to `lower` in a cell with a single state."""
    eighths: NDArray[np.intp]
    """Share of the lower one of the two, in eighths."""


def _state_pairs(counts: PageNumbers) -> _StatePair:
    """Choose the two states that cells show, from pages by state, shape (n, len(PAGE_STATES))."""
    order = np.argsort(-counts, axis=1, kind="stable")
    most, second = order[:, 0], order[:, 1]
    single = np.take_along_axis(counts, second[:, None], axis=1)[:, 0] == 0
    swap = (most == _ABSENT) & ~single
    lower, upper = np.where(swap, second, most), np.where(single, most, np.where(swap, most, second))
    low, high = (np.take_along_axis(counts, band[:, None], axis=1)[:, 0] for band in (lower, upper))
    eighths = np.rint(8 * low / np.maximum(1, low + high)).astype(np.intp)
    return _StatePair(lower, upper, eighths)


class CellPainter:
    """Draws cells with a palette on a base style."""

    def __init__(self, palette: Palette, base: Style) -> None:
        self._palette, self._base = palette, base
        self._plain = palette.depth == "none"
        self._has_shades = palette.depth in ("truecolor", "256")

    def background_of(self, state: PageState) -> Style:
        """Background of a state: its colour; the base for absent pages or without colours."""
        ground = self._ground_of(state)
        return self._base + Style(bgcolor=ground) if ground else self._base

    def _ground_of(self, state: PageState) -> str:
        """Background colour of a state; empty for that of the base."""
        if self._plain or state is PageState.NOT_PRESENT or (state in BASE_STATES and not self._has_shades):
            return ""
        colour = self._palette.colours[STATE_ROLES[state]]
        return blend(colour, self._palette.background, _SHARED_SHADE) if state in BASE_STATES else colour

    def letter_style(self, state: PageState, *, loud: bool = False) -> Style:
        """Style of a letter on its state's colour: dim, as the colour already shows the state; `loud` on changes."""
        palette = self._palette
        mark = Style(bold=True, underline=True) if loud else Style()
        if state is PageState.NOT_PRESENT:
            return self._base + Style(color=palette.gain if loud else palette.quiet) + mark
        if self._plain:
            return self._base + mark
        colour, ground = palette.colours[STATE_ROLES[state]], self._ground_of(state)
        if state in BASE_STATES:
            return ensure_legible(self._base + Style(color=colour, bgcolor=ground or None)) + mark
        ink = palette.label if loud else palette.fade_colour(colour, palette.label, 1)
        return Style(color=ink, bgcolor=colour) + mark

    def swatch(self, state: PageState) -> Segment:
        """Symbol of a state in a legend."""
        return Segment(f" {LETTERS[state]} ", self.letter_style(state, loud=True) + Style(underline=False))

    @property
    def cursor_style(self) -> Style:
        """Style of the cell under the cursor."""
        return self._base + Style(bold=True, reverse=True)

    # small cells

    def draw_small(self, cells: PageCells, columns: int, cell_columns: int, cursor: int | None) -> list[Strip]:
        """Draw rows of cells that are one line high.

        Args:
            cells: Contents of the cells.
            columns: Cells in a row; the last row may be shorter.
            cell_columns: Glyphs per cell, 1 or 2.
            cursor: Position of the cell under the cursor; None for none.
        """
        two, changed = _state_pairs(cells.now), cells.changed > 0
        mixed = two.lower != two.upper
        blocks = mixed & ~changed & ~self._needs_letters(two)
        glyphs = np.full((len(mixed), cell_columns), ord(" "), np.uint32)
        glyphs[:, 0] = _LETTER_POINTS[two.lower]
        glyphs[mixed, 1:] = _LETTER_POINTS[two.upper[mixed], None]
        glyphs[blocks] = _BLOCKS[two.eighths[blocks], None]
        keys = np.where(mixed & ~changed, 2 * _N + two.lower * _N + two.upper, two.lower * 2 + changed)
        if cursor is not None:
            keys[cursor], glyphs[cursor, 0] = 2 * _N + _N * _N, _LETTER_POINTS[two.lower[cursor]]
            glyphs[cursor, 1:] = _LETTER_POINTS[two.upper[cursor]] if mixed[cursor] else ord(" ")
        return self._rows(glyphs, keys, columns)

    def _needs_letters(self, two: _StatePair) -> NDArray[np.bool_]:
        """Whether two colours do not show which two states they are."""
        if self._plain:
            return np.ones(len(two.lower), np.bool_)
        if self._has_shades:
            return np.zeros(len(two.lower), np.bool_)
        needed: NDArray[np.bool_] = _IS_SHARED[two.lower] | _IS_SHARED[two.upper]
        return needed

    def _rows(self, glyphs: NDArray[np.uint32], keys: NDArray[np.intp], columns: int) -> list[Strip]:
        """Draw rows of cells, glyphs of shape (cells, glyphs per cell); the last row is padded with blanks."""
        blank = 2 * _N + _N * _N + 1
        rows = -(-len(glyphs) // columns)
        padding = rows * columns - len(glyphs)
        glyphs = np.pad(glyphs, ((0, padding), (0, 0)), constant_values=ord(" "))
        keys = np.append(keys, np.full(padding, blank)).repeat(glyphs.shape[1])
        return strips_of(glyphs.reshape(rows, -1), keys.reshape(rows, -1), self._styles())

    def _styles(self) -> list[Style]:
        """Styles by key: letters, dim and loud; pairs of colours; the cursor; blank."""
        letters = [self.letter_style(state, loud=loud) for state in PAGE_STATES for loud in (False, True)]
        mixed = [self._mixed_style(lower, upper) for lower in PAGE_STATES for upper in PAGE_STATES]
        return [*letters, *mixed, self.cursor_style, self._base]

    def _mixed_style(self, lower: PageState, upper: PageState) -> Style:
        """Style of a block of one state below another, or of their letters."""
        if self._plain:
            return self._base + Style(dim=True)
        ink = self._ground_of(lower) or self._palette.colours.get(STATE_ROLES.get(lower, ""), self._palette.quiet)
        return self.background_of(upper) + Style(color=ink)

    # large cells

    def draw_large(self, layout: GridLayout, cells: PageCells, cursor: int, names: Mapping[int, str]) -> list[Strip]:
        """Draw rows of cells with room for text, and a gap after each.

        Args:
            layout: Layout of the grid.
            cells: Contents of the visible cells.
            cursor: Cell of the grid under the cursor.
            names: Names on the pages of cells, by cell of the grid.
        """
        lines = []
        for row in range(layout.first, layout.stop, layout.columns):
            row_cells = range(row, min(row + layout.columns, layout.stop))
            texts = [self._cell_texts(cells, cell - layout.first, names.get(cell, ""), layout) for cell in row_cells]
            for line in range(layout.cell_lines):
                segments = list[Segment]()
                for cell, words in zip(row_cells, texts, strict=True):
                    text = words[line] if line < min(len(words), layout.cell_lines - 1) else ""
                    index = cell - layout.first
                    if line == layout.cell_lines - 1:
                        segments.append(Segment(" " * layout.cell_columns, self._base))
                    else:
                        under_cursor, loud = cell == cursor and line == 0, bool(cells.changed[index])
                        width = layout.cell_columns - 1
                        segments += self._band(cells.now[index], text, width, loud=loud, cursor=under_cursor)
                        segments.append(Segment(" ", self._base))
                lines.append(Strip(segments).adjust_cell_length(layout.width, self._base))
        return lines

    def _cell_texts(self, cells: PageCells, at: int, name: str, layout: GridLayout) -> Sequence[str]:
        """Texts of a large cell: its state with the change, and its names."""
        width = layout.cell_columns - 1
        now, was = _cell_letter(cells.now[at]), _cell_letter(cells.was[at])
        head = f"{was}→{now}" if cells.changed[at] and was != now else now
        return [head.center(width), fmt.clip(name, width).center(width)]

    def _band(self, counts: PageNumbers, text: str, width: int, *, loud: bool, cursor: bool) -> list[Segment]:
        """Draw one line of a large cell: text on the colours of the states, each as wide as its share."""
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
    """Letter of a cell, or two letters if the cell is mixed."""
    (lower,), (upper,), _ = _state_pairs(counts[None])
    letter = LETTERS[PAGE_STATES[lower]]
    return letter if lower == upper else letter + LETTERS[PAGE_STATES[upper]]
