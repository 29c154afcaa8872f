"""Outlines of charts as path data of SVG."""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

WIDTH, HEIGHT = 1000, 240
"""Size of a chart in its own units: it is stretched to its place."""
_SPARK_WIDTH, _SPARK_HEIGHT = 60.0, 14.0


def area_path(x: Points, top: Points, bottom: Points) -> str:
    """Outline of an area between two lines, in a part for each stretch where both are known; shapes (n,)."""
    parts = []
    for stretch in _known_stretches(~np.isnan(top)):
        there, back = slice(stretch.start, stretch.stop), slice(stretch.start, stretch.stop)
        upper = _line(x[there], top[there])
        lower = _line(x[back][::-1], bottom[back][::-1])
        parts.append(f"M{upper}L{lower}Z")
    return "".join(parts)


def line_path(x: Points, y: Points) -> str:
    """A line, in a part for each stretch where it is known; a single point is a short line. Shapes (n,)."""
    parts = []
    for stretch in _known_stretches(~np.isnan(y)):
        part = slice(stretch.start, stretch.stop)
        parts.append(f"M{_line(x[part], y[part])}{'h0.1' if len(stretch) == 1 else ''}")
    return "".join(parts)


def spark_path(values: Points) -> str:
    """A small line from the minimum to the maximum of some values at equal distances; flat if they are equal."""
    known = values[~np.isnan(values)]
    if not len(known):
        return ""
    least, span = float(known.min()), float(known.max() - known.min())
    height = (values - least) / span if span else np.where(np.isnan(values), np.nan, 0.0)
    x = np.linspace(0.0, _SPARK_WIDTH, len(values)) if len(values) > 1 else np.zeros(len(values))
    return line_path(x, 1.0 + (1.0 - height) * _SPARK_HEIGHT)


def _line(x: Points, y: Points) -> str:
    """Coordinates of a line."""
    return " ".join(f"{_short(a)},{_short(b)}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _short(number: float) -> str:
    """A coordinate with one decimal at most."""
    text = f"{number:.1f}"
    return text.removesuffix(".0")


def _known_stretches(known: NDArray[np.bool_]) -> list[range]:
    """Stretches of consecutive known values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [range(begin, end) for begin, end in edges.reshape(-1, 2).tolist()]
