"""Tabs of an open mapping, at the right end of its title."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

TABS = {"detail": " Fields ", "pages": " Pages "}
"""Id of each view, and the text of its tab."""
TABS_WIDTH = sum(map(len, TABS.values())) + 1


def draw_tabs(title: Strip, current: str, base: Style, quiet: Style) -> Strip:
    """Draw the tabs over the right end of a title; none if it is too narrow."""
    width = title.cell_length
    if width < 2 * TABS_WIDTH:
        return title
    chosen = base + Style(bold=True, reverse=True)
    tabs = [Segment(text, chosen if view == current else quiet) for view, text in TABS.items()]
    return Strip.join([title.crop(0, width - TABS_WIDTH), Strip([Segment(" ", base), *tabs])])


def tab_at(x: int, width: int) -> str | None:
    """Return the view whose tab is at a cell of a title of this width; None where there is none."""
    at = width - TABS_WIDTH + 1
    for view, text in TABS.items():
        if at <= x < at + len(text) and width >= 2 * TABS_WIDTH:
            return view
        at += len(text)
    return None
