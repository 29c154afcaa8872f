"""Scrolling: how high that is which scrolls, set without a new layout where possible, and scrolling by lines."""

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


def set_scroll_height(view: ScrollView, lines: int) -> None:
    """Set the number of lines that scroll in a view.

    Textual lays out and draws the whole screen again when this changes, although nothing moves unless the scrollbar
    comes or goes.
    """
    size = Size(view.size.width, max(lines, view.size.height))
    if size == view.virtual_size:
        return
    if view.show_vertical_scrollbar and size.width == view.virtual_size.width and size.height > view.size.height:
        view.set_reactive(ScrollView.virtual_size, size)
        view.vertical_scrollbar.window_virtual_size = size.height
        view.scroll_y = view.validate_scroll_y(view.scroll_y)
    else:
        view.virtual_size = size


def scroll_lines(view: Widget, lines: int) -> None:
    """Scroll by lines once the screen is drawn, from where the keys before scroll to: many may come until then."""
    view.call_after_refresh(view.scroll_relative, y=lines, animate=False, force=True, immediate=True)
