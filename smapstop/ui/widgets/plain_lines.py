"""Lines of widgets that have no border and no padding, painted as they are."""

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


def plain_lines(widget: Widget, crop: Region) -> list[Strip]:
    """Lines of a widget without border, padding, opacity, tint and links, as its `render_line` draws them.

    Textual looks all of these up for every line, which takes longer than drawing it, and copies the line: it would be
    filtered and encoded for the terminal again each time.

    Args:
        widget: The widget.
        crop: The part to draw, cells.
    """
    style, filters, background = widget.rich_style, widget.get_line_filters(), widget.background_colors[1]
    strips = [widget.render_line(y).crop_extend(*crop.column_span, style) for y in crop.line_range]
    for each in filters:
        strips = [strip.apply_filter(each, background) for strip in strips]
    return strips
