"""Draw charts: numpy arrays to lines of styled text, with a resolution of an eighth of a cell.

All cells are computed at once in numpy; Python code runs once per change of colour. A cell shows at most its two
thickest bands: the lower one as the glyph, the other as the background. It has no third colour for what is empty
above two bands: there the upper one is tinted, the weaker the less of the cell it covers. So a band that does not
change looks the same in each column, whatever is on top of it. Whole cells are spaces on a coloured background,
because block glyphs leave seams in many fonts. Where the ink has textures, a whole cell has the glyph of its
thickest band.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.ui.theme.palette import Ink

Amounts = NDArray[np.floating]
"""Amounts to draw; NaN for no sample."""
CellNumbers = NDArray[np.intp]
"""One number for each cell of a chart, shape (height, width), the top line first."""
Glyphs = NDArray[np.uint32]
"""Code points, shaped as the cells."""


def code_points(text: str) -> Glyphs:
    """Code points of a text."""
    return np.array([ord(char) for char in text], np.uint32)


UPWARD = code_points(" ▁▂▃▄▅▆▇█")
"""Bars by height, in eighths of a cell."""
_SPACE = code_points(" ")[0]
_TINY = 0.25
"""Thickness, in eighths of a cell, below which a band may vanish."""


def draw_stacked_areas(series: Amounts, height: int, top: float, ink: Ink) -> list[Strip]:
    """Draw stacked areas, the first at the bottom.

    Args:
        series: Shape (bands, width), not negative; a column that contains NaN is no sample and stays empty.
        height: Lines.
        top: The sum that fills the height; larger sums are cut off.
        ink: One colour per band.

    Returns:
        `height` strips of `width` cells, the top line first.
    """
    sampled = np.where(np.isnan(series).any(axis=0), 0.0, series)
    return _draw_bands(_band_thickness(sampled, height, top)[:, ::-1], ink)


def draw_whole_areas(series: Amounts, height: int, top: float, ink: Ink) -> list[Strip]:
    """Draw stacked areas whose sum, if it is above 0, covers at least an eighth of a cell: it is not no sample.

    Args:
        series: Shape (bands, width), not negative; a column that contains NaN is no sample and stays empty.
        height: Lines.
        top: The sum that fills the height.
        ink: One colour per band.
    """
    total = series.sum(axis=0)
    least = np.where(total > 0, top / (8 * max(height, 1)), 0.0)
    return draw_stacked_areas(series * (np.fmax(total, least) / np.where(total > 0, total, 1.0)), height, top, ink)


def draw_read_areas(series: Amounts, was_read: NDArray[np.bool_], height: int, top: float, ink: Ink) -> list[Strip]:
    """Draw stacked areas as `draw_whole_areas`, and otherwise where they were not read.

    Args:
        series: Shape (bands, width), not negative; a column that contains NaN is no sample and stays empty.
        was_read: Mask of the columns that were read, shape (width,).
        height: Lines.
        top: The sum that fills the height.
        ink: One colour per band, and after these one per band for columns that were not read.
    """
    if was_read.all():
        return draw_whole_areas(series, height, top, ink)
    both = np.concatenate([np.where(was_read, series, 0.0), np.where(was_read, 0.0, series)])
    return draw_whole_areas(both, height, top, ink)


def _band_thickness(series: Amounts, cells: int, top: float) -> CellNumbers:
    """Compute how many eighths of each cell each band covers, and after the bands the background.

    A band that is not tiny covers at least an eighth.

    Args:
        series: Shape (bands, width).
        cells: Cells in the direction in which the bands grow.
        top: The sum that fills the cells.

    Returns:
        Shape (bands + 1, cells, width); sums to 8 over the first axis.
    """
    eighths = np.clip(series * (cells * 8 / top if top > 0 else 0.0), 0, cells * 8)
    edges = np.rint(np.minimum(np.cumsum(eighths, axis=0), cells * 8)).astype(np.intp)
    least = (eighths >= _TINY).astype(np.intp)
    for band in range(len(edges)):
        below = edges[band - 1] if band else 0
        edges[band] = np.maximum(edges[band], below + least[band])
    room = cells * 8
    for band in reversed(range(len(edges))):
        edges[band] = np.minimum(edges[band], room)
        room = edges[band] - least[band]
    edges = np.concatenate([np.zeros_like(edges[:1]), np.maximum(edges, 0), np.full_like(edges[:1], cells * 8)])
    within = np.clip(edges[:, None] - 8 * np.arange(cells)[:, None], 0, 8)
    thickness: CellNumbers = np.diff(within, axis=0)
    return thickness


def _draw_bands(thickness: CellNumbers, ink: Ink) -> list[Strip]:
    """Draw bands of a thickness, shape (bands + 1, height, width)."""
    glyphs, front, back = (_glyphs_by_texture if ink.textures else _glyphs_by_colour)(thickness, ink)
    colours = [*ink.colours, ink.background, *(tint for tints in ink.tints for tint in tints)]
    keys, positions = np.unique(front * len(colours) + back, return_inverse=True)
    styles = [_style(colours[key // len(colours)], colours[key % len(colours)]) for key in keys.tolist()]
    return strips_of(glyphs, positions.reshape(glyphs.shape), styles)


def _thickest_two(thickness: CellNumbers) -> tuple[CellNumbers, CellNumbers, CellNumbers, CellNumbers]:
    """The two thickest bands of each cell, the lower one first, and the thickness of each."""
    two = np.argsort(-thickness, axis=0, kind="stable")[:2]
    lower, upper = two.min(axis=0), two.max(axis=0)
    low, high = (np.take_along_axis(thickness, band[None], axis=0)[0] for band in (lower, upper))
    return lower, upper, low, high


def _glyphs_by_colour(thickness: CellNumbers, ink: Ink) -> tuple[Glyphs, CellNumbers, CellNumbers]:
    """Choose glyph, foreground and background of each cell, as positions in the colours and tints of an ink."""
    background = len(ink.colours)
    lower, upper, low, high = _thickest_two(thickness[:-1])
    covered = 8 - thickness[-1]
    alone = (low == 0) | (high == 0) | (lower == upper)
    lower = np.where(alone & (low == 0), upper, lower)
    share = np.clip(np.rint(8 * (covered - low) / np.maximum(8 - low, 1)).astype(np.intp), 1, 8)
    tinted = background + 1 + 7 * upper + share - 1
    back = np.where(alone, background, np.where(share == 8, upper, tinted))
    level = np.where(alone, covered, low)
    if not ink.tints:  # the thicker band as high as both
        untinted = ~alone & (covered < 8)
        lower = np.where(untinted & (high > low), upper, lower)
        level, back = np.where(untinted, covered, level), np.where(untinted, background, back)
    whole = level % 8 == 0
    band = np.where(level == 8, lower, back)
    return np.where(whole, _SPACE, UPWARD[level]), np.where(whole, band, lower), np.where(whole, band, back)


def _glyphs_by_texture(thickness: CellNumbers, ink: Ink) -> tuple[Glyphs, CellNumbers, CellNumbers]:
    """Choose glyph, foreground and background of cells that cannot show two bands by colour."""
    background = len(ink.textures)
    bodies, covered = code_points(ink.textures + " "), 8 - thickness[-1]
    band = thickness[:-1].argmax(axis=0)
    glyphs = np.where(covered == 8, bodies[band], UPWARD[covered])
    return glyphs, band, np.full_like(band, background)


def strips_of(glyphs: Glyphs, keys: CellNumbers, styles: Sequence[Style]) -> list[Strip]:
    """Convert glyphs to lines, one segment per run of equal keys; keys are positions in `styles`."""
    width = glyphs.shape[1]
    text = glyphs.astype("<u4").tobytes().decode("utf-32-le")
    strips = []
    for line, row in enumerate(keys):
        cuts = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), width] if width else []
        starts = zip(cuts, cuts[1:], row[cuts[:-1]].tolist(), strict=False)
        at = line * width
        strips.append(Strip([Segment(text[at + a : at + b], styles[key]) for a, b, key in starts], width))
    return strips


@lru_cache(1024)
def _style(colour: str | None, background: str) -> Style:
    """Create a style; cached, as it is expensive."""
    return Style(color=colour, bgcolor=background)
