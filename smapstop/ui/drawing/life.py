"""Draw the lifecycle of a mapping: when it was mapped, grew, moved and was unmapped, the newest first."""

import textwrap

from rich.segment import Segment
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.lifecycle import lifecycle_lines
from smapstop.text.mapping_detail import compared_ticks
from smapstop.text.units import unit_format_of
from smapstop.ui.drawing.style import DrawStyle

_TIME_CELLS = 10
"""Width of a time of the day with tenths."""


def draw_life(history: MappingHistory, view: View, style: DrawStyle, width: int, height: int) -> list[Strip]:
    """Draw the lifecycle events of a mapping up to the tick of a view, one a line, whatever the height is."""
    del height
    ticks = compared_ticks(history, view)
    notice = (
        [style.line([Segment(fmt.clip(f" {ticks.notice}", width), style.warning)], width)] if ticks.notice else []
    )
    return notice + [
        style.line(
            [Segment(f" {when if not at else '':{_TIME_CELLS}}  ", style.quiet), Segment(line, style.base)], width
        )
        for when, what in lifecycle_lines(history, ticks.number, unit_format_of(view, "size"))
        for at, line in enumerate(textwrap.wrap(fmt.printable(what), max(1, width - _TIME_CELLS - 4)))
    ]
