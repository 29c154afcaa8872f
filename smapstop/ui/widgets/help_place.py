"""Which part of the dashboard the help is about: the one that has the focus."""

from textual.widget import Widget

from smapstop.ui.help.content import HelpPlace
from smapstop.ui.widgets.events_pane import EventList
from smapstop.ui.widgets.mapping_fields import MappingFields
from smapstop.ui.widgets.mapping_pages import MappingPages
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.strip_scroll import DrawnLines
from smapstop.ui.widgets.time_band import TimeBand


def help_place(focused: Widget | None) -> HelpPlace | None:
    """The part that has the focus; None for one without sections of its own."""
    match focused:
        case MappingTable():
            return "table"
        case MappingFields():
            return "fields"
        case MappingPages():
            return "pages"
        case EventList():
            return "events"
        case TimeBand():
            return "band"
        case DrawnLines(id="why"):
            return "why"
        case DrawnLines(id="life"):
            return "life"
    return None
