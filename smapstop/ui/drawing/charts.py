"""Draw charts: numpy arrays to lines of styled text, with a resolution of an eighth of a cell.

All cells are computed at once in numpy; Python code runs once per change of colour. A cell shows at most its two
thickest bands: the lower one as the glyph, the other as the background. Whole cells are spaces on a coloured
background, because block glyphs leave seams in many fonts. Where the ink has textures, a cell shows the glyph of its
thickest band, and only bands of full blocks keep the fine edge.
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
_SPACE, _FULL = code_points(" █")


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


def draw_area(series: Amounts, height: int, ink: Ink, *, low: float = 0.0, high: float) -> list[Strip]:
    """Draw one area between two values; zoomed in on its own range, it shows small changes of a large amount.

    A value above 0 is drawn at least an eighth of a cell high, to distinguish it from no sample.

    Args:
        series: Shape (width,), not negative; NaN is no sample.
        height: Lines.
        ink: One colour.
        low: The value at the bottom.
        high: The value that fills the height.
    """
    reach = high - low if high > low else 1.0
    risen = np.maximum(series - low, reach / (8 * max(height, 1)))
    return draw_stacked_areas(np.where(series > 0, risen, 0.0)[None], height, reach, ink)


def _band_thickness(series: Amounts, cells: int, top: float) -> CellNumbers:
    """Compute how many eighths of each cell each band covers, and after the bands the background.

    Args:
        series: Shape (bands, width).
        cells: Cells in the direction in which the bands grow.
        top: The sum that fills the cells.

    Returns:
        Shape (bands + 1, cells, width); sums to 8 over the first axis.
    """
    scale = cells * 8 / top if top > 0 else 0.0
    edges = np.rint(np.clip(np.cumsum(series, axis=0) * scale, 0, cells * 8)).astype(np.intp)
    edges = np.concatenate([np.zeros_like(edges[:1]), edges, np.full_like(edges[:1], cells * 8)])
    within = np.clip(edges[:, None] - 8 * np.arange(cells)[:, None], 0, 8)
    thickness: CellNumbers = np.diff(within, axis=0)
    return thickness


def _draw_bands(thickness: CellNumbers, ink: Ink) -> list[Strip]:
    """Draw bands of a thickness, shape (bands + 1, height, width)."""
    two = np.argsort(-thickness, axis=0, kind="stable")[:2]
    lower, upper = two.min(axis=0), two.max(axis=0)
    low, high = (np.take_along_axis(thickness, band[None], axis=0)[0] for band in (lower, upper))
    level = np.rint(8 * low / (low + high)).astype(np.intp)
    if ink.textures:
        glyphs, front, back = _glyphs_by_texture(lower, upper, level, ink.textures)
    else:
        glyphs, front, back = _glyphs_by_colour(lower, upper, level)
    colours = [*ink.colours, ink.background]
    styles = [_style(glyph, ground) for glyph in colours for ground in colours]
    return strips_of(glyphs, front * len(colours) + back, styles)


def _glyphs_by_colour(
    lower: CellNumbers, upper: CellNumbers, level: CellNumbers
) -> tuple[Glyphs, CellNumbers, CellNumbers]:
    """Choose glyph, foreground and background of cells in two colours."""
    whole = level % 8 == 0
    band = np.where(level == 8, lower, upper)
    glyphs = np.where(whole, _SPACE, UPWARD[level])
    return glyphs, np.where(whole, band, lower), np.where(whole, band, upper)


def _glyphs_by_texture(
    lower: CellNumbers, upper: CellNumbers, level: CellNumbers, textures: str
) -> tuple[Glyphs, CellNumbers, CellNumbers]:
    """Choose glyph, foreground and background of cells that cannot show two bands by colour."""
    background = len(textures)
    bodies = code_points(textures + " ")
    fine = (bodies[lower] == _FULL) & (upper == background)
    band = np.where(fine | (level >= 4), lower, upper)
    return np.where(fine, UPWARD[level], bodies[band]), band, np.full_like(band, background)


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
