"""Draw why a row of the table that is not one mapping of this run is as it is."""

from rich.segment import Segment
from textual.strip import Strip

from smapstop.text import format as fmt
from smapstop.text.group_why import GroupWhy, Member
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.drawing.why import draw_paragraph, draw_reason, draw_verdict

_AMOUNT_CELLS = 10
_NAME_CELLS = 60


def draw_group_why(why: GroupWhy, open_key: str, style: DrawStyle, width: int, height: int) -> list[Strip]:
    """Draw what happened in a group, and its mappings, those that moved most first.

    Args:
        why: The group.
        open_key: Display name of the key that unfolds it in the table.
        style: Colours and styles.
        width: Cells of each line.
        height: Lines that are in view; there may be more.
    """
    lines = draw_verdict(why.verdict, why.age, style, width)
    if why.reason is not None and height > len(lines) + 2:
        lines += draw_reason(why.reason, style, width)
    lines.append(style.line([Segment(f" {why.total}   {open_key}: unfold or fold", style.quiet)], width))
    name_cells = max(1, min(_NAME_CELLS, width - 2 * _AMOUNT_CELLS - 2))
    return [*lines, *(_member(member, name_cells, style, width) for member in why.members)]


def _member(member: Member, name_cells: int, style: DrawStyle, width: int) -> Strip:
    """One mapping of a group."""
    change = style.change_style(member.kb) if member.kb else style.quiet
    segments = [
        Segment(f" {fmt.pad(fmt.shorten(member.name, name_cells), name_cells)}", style.base),
        Segment(member.amount.rjust(_AMOUNT_CELLS), style.base),
        Segment(member.change.rjust(_AMOUNT_CELLS), change),
    ]
    return style.line(segments, width)


def draw_foreign(run: str, runs_key: str, style: DrawStyle, width: int, height: int) -> list[Strip]:
    """Draw what is known of a mapping that only the run has that is compared with.

    Args:
        run: That run, in words.
        runs_key: Display name of the key that lists the runs.
        style: Colours and styles.
        width: Cells of each line.
        height: Lines that are in view.
    """
    del height
    text = f"This run has no mapping like it at the same age. {runs_key} lists the runs: choose it to see more."
    return [*draw_verdict(f"only in {run}", "", style, width), *draw_paragraph(text, style, width)]
