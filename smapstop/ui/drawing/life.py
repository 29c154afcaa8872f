"""Draw the life of a mapping: how it came, grew, moved and went, the newest first."""

from rich.segment import Segment
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.lifecycle import lifecycle_lines
from smapstop.text.mapping_detail import compared_ticks
from smapstop.ui.drawing.style import DrawStyle


def draw_life(history: MappingHistory, view: View, style: DrawStyle, width: int, height: int) -> list[Strip]:
    """Draw the lifecycle events of a mapping up to the tick of a view, one a line, whatever the height is."""
    del height
    ticks = compared_ticks(history, view)
    notice = (
        [style.line([Segment(fmt.clip(f" {ticks.notice}", width), style.warning)], width)] if ticks.notice else []
    )
    return notice + [
        style.line([Segment(f" {when}  ", style.quiet), Segment(fmt.clip(what, width - 13), style.base)], width)
        for when, what in lifecycle_lines(history, ticks.number)
    ]
