"""Draw a flame graph: each function in a quiet tint by origin of its code, or between lines without colours."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.text import format as fmt
from smapstop.text.functions import code_kind, function_text
from smapstop.ui.callers.call_rows import CallPath
from smapstop.ui.callers.draw_rows import kind_style
from smapstop.ui.callers.flame import Flame, FlameBox
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.contrast import blend

_TINTS = (0.34, 0.24)
"""Shares of a colour over the background, of neighbours by turns."""
_MIN_NAME = 4
"""Least cells for a name."""


def draw_flame(flame: Flame, style: DrawStyle, width: int, cursor: CallPath | None) -> list[Strip]:
    """Draw the lines of a graph, from the top.

    Args:
        flame: The graph.
        style: Colours and styles.
        width: Cells.
        cursor: The node under the cursor.
    """
    return [_draw_line(boxes, style, width, cursor) for boxes in flame]


def _draw_line(boxes: list[FlameBox], style: DrawStyle, width: int, cursor: CallPath | None) -> Strip:
    segments, used = [], 0
    for box in boxes:
        segments.append(Segment(" " * (box.x - used), style.base))
        segments += _draw_box(box, style, has_cursor=box.path == cursor)
        used = box.x + box.width
    return style.line(segments, width)


def _draw_box(box: FlameBox, style: DrawStyle, *, has_cursor: bool) -> list[Segment]:
    """A function: an edge at its left, then its name."""
    name = "all" if box.node.frame is None else function_text(box.node.frame)
    room = box.width - 1
    text = fmt.shorten_middle(name, room) if room >= min(_MIN_NAME, fmt.cell_width(name)) else ""
    if has_cursor:
        return [Segment(fmt.pad(f"▏{text}", box.width), style.cursor)]
    if style.palette.fade:
        ground = _ground(box, style)
        edge = ground + Style(color=style.palette.background)
        return [Segment("▏", edge), Segment(fmt.pad(text, room), ground)]
    text += " " * bool(text and room > fmt.cell_width(text))
    colour = style.quiet if box.node.frame is None else kind_style(code_kind(box.node.frame), style)
    return [
        Segment("│", style.quiet),
        Segment(text, colour),
        Segment("─" * (room - fmt.cell_width(text)), style.quiet),
    ]


def _ground(box: FlameBox, style: DrawStyle) -> Style:
    """Tint behind a name."""
    palette = style.palette
    colour = palette.quiet if box.node.frame is None else kind_style(code_kind(box.node.frame), style).color
    name = colour if isinstance(colour, str) else colour.name if colour is not None else palette.quiet
    tint = blend(name, palette.background, _TINTS[box.is_odd])
    return Style(color=palette.foreground, bgcolor=tint)
