"""Tabs of the inspector; each is built, and its modules imported, when it is first shown."""

from textual.widget import Widget

from smapstop.ui.drawing.inspector_title import Tab
from smapstop.ui.widgets.strip_scroll import DrawnLines


def build_tab(tab: Tab) -> Widget:
    """Build a tab; its id is the tab's name."""
    match tab:
        case "why" | "life":
            return DrawnLines(id=tab)
        case "fields":
            from smapstop.ui.widgets.mapping_fields import MappingFields

            return MappingFields(id=tab)
        case "pages":
            from smapstop.ui.widgets.mapping_pages import MappingPages

            return MappingPages(id=tab)
        case "events":
            from smapstop.ui.widgets.events_pane import MappingEvents

            return MappingEvents(id=tab)
        case "callers":
            from smapstop.ui.widgets.mapping_callers import MappingCallers

            return MappingCallers(id=tab)
