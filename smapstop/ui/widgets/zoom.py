"""Zoom: one part of the dashboard fills the screen."""

from typing import Literal, get_args

from textual.screen import Screen
from textual.widget import Widget

from smapstop.ui.keys.key_app import key_of
from smapstop.ui.widgets import panes
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.main_views import Views
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.time_band import TimeBand

Part = Literal["table", "inspector", "band", "events", "program"]
"""Part of the dashboard that can fill the screen."""
PARTS: tuple[Part, ...] = get_args(Part)


def part_of(widget: Widget | None) -> Part | None:
    """The part that a widget is, or is in; None for another widget, and for the program's terminal."""
    for each in () if widget is None else widget.ancestors_with_self:
        match each:
            case MappingTable():
                return "table"
            case Inspector():
                return "inspector"
            case TimeBand():
                return "band"
            case Widget(id=panes.EVENTS_ID):
                return "events"
    return None


class Zoom:
    """Which part of a screen fills it; the style sheet hides the others by the screen's classes.

    Args:
        screen: The dashboard's screen.
    """

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self.part: Part | None = None
        """The part that fills the screen; None for none."""

    def set(self, part: Part | None) -> None:
        """Have a part fill the screen; None for none."""
        if part is None and self.part is None:
            return
        screen, self.part = self._screen, part
        zoomed = {f"-zoom-{each}": each == part for each in PARTS}
        screen.update_classes({"-zoomed": part is not None} | zoomed)  # at once: each update styles the whole screen
        screen.query_one(Views).set_zoom(part if part in ("table", "inspector") else "")
        screen.query_one(panes.Panes).set_zoom(part if part in ("events", "program") else "")
        key, action = ("keys_back", "screen.keys_back") if part == "program" else ("zoom", "app.command('zoom')")
        screen.query_one(HeaderBar).show_way_back(part and f"{key_of(screen.app, key)}: back", action)

    def toggle(self) -> None:
        """Have the part that has the focus fill the screen, or show all parts again."""
        views = self._screen.query_one(Views)
        if self.part is None and not views.zoom:
            self.set(part_of(self._screen.focused) or "table")
        else:
            views.set_zoom("")  # where there is little room, the inspector may fill them without being zoomed
            self.set(None)

    def follow_focus(self) -> None:
        """Show all parts again when the focus went to one that is hidden."""
        if part_of(self._screen.focused) not in (None, self.part):
            self.set(None)
