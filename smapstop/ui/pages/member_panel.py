"""Draw what is around the pages of a mapping in a process of the family: the title, and the reason."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.segment import Segment
from textual.strip import Strip

from smapstop.text import format as fmt
from smapstop.text.pages import StateCount
from smapstop.text.why import Reason, Why
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.drawing.why import draw_reason, draw_verdict
from smapstop.ui.pages.cells import CellPainter


def draw_pages_title(
    name: str, counts: Sequence[StateCount], painter: CellPainter | None, keys: str, style: DrawStyle, width: int
) -> Strip:
    """Draw the title: the mapping and the process, its pages by state, and keys where there is room.

    Args:
        name: The mapping and the process, or why none is shown.
        counts: States of its pages, with their numbers.
        painter: Draws the letters of the states; None without any.
        keys: Keys and what they do.
        style: Styles.
        width: Cells of the line.
    """
    segments = [Segment("─ ", style.quiet), Segment(fmt.clip(name, max(1, width - 4)), style.bold)]
    room = width - sum(segment.cell_length for segment in segments) - 1
    for state, state_name, count in counts:
        assert painter is not None, "there are states"
        short = state_name.removeprefix("anonymous ")
        words = [Segment("  ", style.base), painter.swatch(state), Segment(f" {count:,} {short}", style.base)]
        needed = sum(segment.cell_length for segment in words)
        if needed > room:
            break
        segments, room = segments + words, room - needed
    tail = f" {keys}" if fmt.cell_width(keys) + 4 <= room and keys else ""
    line = "─" * max(0, room - fmt.cell_width(tail))
    return style.line([*segments, Segment(f" {line}{tail}", style.quiet)], width)


def draw_first_copy(text: str, style: DrawStyle, width: int) -> list[Strip]:
    """Draw which process copied pages of the mapping first, in up to two lines; none without a text."""
    lines = textwrap.wrap(f"First copied by {text}", max(1, width - 2), break_on_hyphens=False)[:2] if text else []
    return [style.line([Segment(f" {line}", style.base)], width) for line in lines]


def draw_pages_reason(why: Why, style: DrawStyle, width: int, height: int) -> list[Strip]:
    """Draw what happened last to the mapping, and why, as far as there is room."""
    lines = draw_verdict(why.verdict, why.age, style, width)
    for reason in why.reasons:
        lines += next((drawn for drawn in _shortened(reason, style, width) if len(lines) + len(drawn) <= height), [])
    return lines[:height]


def _shortened(reason: Reason, style: DrawStyle, width: int) -> Iterator[list[Strip]]:
    """Draw a reason in full, then without its last sentences, one after the other."""
    sentences = reason.sentence.split(". ")
    for count in range(len(sentences), 0, -1):
        yield draw_reason(
            replace(reason, sentence=". ".join(sentences[:count]).removesuffix(".") + "."), style, width
        )
