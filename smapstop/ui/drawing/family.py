"""Draw the members of a family."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.text import format as fmt
from smapstop.text.family import MemberText
from smapstop.text.units import AUTO, UnitFormat
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.contrast import ensure_legible

OWN, FAMILY, OTHERS = "█", "▒", "░"
"""Memory of a member that is its own, shared within the family, shared with others."""
WATCHED = "●"
"""Mark of the process that the dashboard shows; elsewhere on the screen `CURSOR_MARK` is that under the cursor."""
_LEAST_NAME, _MOST_NAME, _LEAST_VERDICT = 16, 40, 18


@dataclass(frozen=True, slots=True)
class MemberColumns:
    """Widths of the columns of members, cells; 0 for one that is not shown."""

    name: int
    amounts: tuple[str, ...]
    """Names of the amounts that are shown."""
    rate: int
    faults: int
    history: int
    bar: int
    verdict: int
    amount: int = 7
    """Cells of an amount."""
    change: int = 8
    """Cells of the change."""
    sign: str = ""
    """Sign of the unit of amounts."""


_AMOUNTS = ("pss", "uss", "rss", "swap")
"""Amounts, the most important first."""
_SHOWN_ORDER = ("rss", "pss", "uss", "swap")
_RATE_CELLS, _FAULT_CELLS = 9, 8


def fit_member_columns(width: int, longest_name: int, unit: UnitFormat = AUTO) -> MemberColumns:
    """Fit the columns of members into a width: the least important are left out.

    Args:
        width: Cells.
        longest_name: Cells of the longest name with its place in the tree and its pid.
        unit: Format of amounts.
    """
    amount_cells, change_cells, rate_cells = unit.cells, unit.cells + 1, max(_RATE_CELLS, unit.cells)
    name = max(_LEAST_NAME, min(longest_name, _MOST_NAME, width // 3))
    left = width - name - 1 - change_cells - _LEAST_VERDICT
    amounts: list[str] = []
    for each in _AMOUNTS[:3]:
        if left >= amount_cells:
            amounts, left = [*amounts, each], left - amount_cells
    bar, left = (min(24, max(14, left // 3)), left) if left >= 15 else (0, left)
    left -= bar + 1 if bar else 0
    history, left = (10, left - 11) if left >= 11 else (0, left)
    left -= 12  # for the last change, which says most
    rate, left = (rate_cells, left - rate_cells) if left >= rate_cells else (0, left)
    faults, left = (_FAULT_CELLS, left - _FAULT_CELLS) if left >= _FAULT_CELLS else (0, left)
    if left >= amount_cells:
        amounts, left = [*amounts, "swap"], left - amount_cells
    left += 12
    shown = tuple(each for each in _SHOWN_ORDER if each in amounts)
    verdict = _LEAST_VERDICT + left
    return MemberColumns(name, shown, rate, faults, history, bar, verdict, amount_cells, change_cells, unit.sign)


def draw_member_titles(columns: MemberColumns, style: Style, change: str) -> list[Segment]:
    """Draw the titles of the columns."""
    titles = fmt.pad(" Process", columns.name + 1)
    names = (f"{each.capitalize()} {columns.sign}".rstrip() for each in columns.amounts)
    titles += "".join(f"{fmt.clip(name, columns.amount - 1):>{columns.amount - 1}} " for name in names)
    titles += f"{fmt.clip(change, columns.change - 1):>{columns.change - 1}} "
    titles += f"{'Rate/s':>{columns.rate - 1}} " if columns.rate else ""
    titles += f"{'Faults':>{columns.faults - 1}} " if columns.faults else ""
    titles += fmt.pad(fmt.clip("History", columns.history), columns.history + 1) if columns.history else ""
    legends = (f"own{OWN} family{FAMILY} others{OTHERS}", f"own{OWN} fam{FAMILY} oth{OTHERS}", "")
    legend = next(each for each in legends if len(each) <= columns.bar)
    titles += fmt.pad(legend, columns.bar + 1) if columns.bar else ""
    return [Segment(f"{titles}Last change", style)]


def draw_member(
    member: MemberText, columns: MemberColumns, largest_kb: int, style: DrawStyle, *, cursor: bool, watched: bool
) -> Strip:
    """Draw a member.

    Args:
        member: Its texts.
        columns: The columns.
        largest_kb: The memory that fills the bar.
        style: Styles.
        cursor: Whether the cursor is on it.
        watched: Whether it is the process that the dashboard shows.
    """
    base = style.cursor if cursor else style.base
    quiet = base if cursor else style.quiet
    plain = quiet if member.is_gone or member.is_old else base
    pid = f" {member.pid}"
    room = columns.name - fmt.cell_width(member.tree) - len(pid) - 1
    name = fmt.pad(fmt.shorten_middle(member.title, max(1, room)), max(1, room))
    segments = [
        Segment(WATCHED if watched else " ", base + Style(bold=True)),
        Segment(member.tree, quiet),
        Segment(name, plain + Style(bold=watched)),
        Segment(f"{pid} ", quiet),
        *(Segment(f"{getattr(member, each):>{columns.amount - 1}} ", plain) for each in columns.amounts),
        _number(member.change_text, columns.change, member.change, style, base, cursor=cursor),
    ]
    if columns.rate:
        segments.append(_number(member.rate_text, columns.rate, member.rate, style, base, cursor=cursor))
    if columns.faults:
        segments.append(Segment(f"{member.faults:>{columns.faults - 1}} ", quiet))
    if columns.history:
        segments.append(Segment(fmt.pad(member.history, columns.history + 1), plain))
    if columns.bar:
        segments += _bar(member.shares, columns.bar, largest_kb, style, base)
    without_age = member.brief.rpartition(" · ")[0] or member.brief
    texts = (member.verdict, member.brief, without_age)
    fitting = next((text for text in texts if fmt.cell_width(text) <= columns.verdict), without_age)
    return Strip([*segments, Segment(fmt.clip(fitting, columns.verdict), plain)])


def _number(text: str, cells: int, number: float, style: DrawStyle, base: Style, *, cursor: bool) -> Segment:
    """Draw a change, in the colour of its direction."""
    ink = base if cursor or not number else style.change_style(number)
    return Segment(f"{text:>{cells - 1}} ", ensure_legible(base + ink))


def _bar(shares: tuple[int, int, int], cells: int, largest_kb: int, style: DrawStyle, base: Style) -> list[Segment]:
    """Draw whose the memory is: its own, the family's, that of others, as long as it is large."""
    total, ends = 0, []
    for kb in shares:
        total += kb
        ends.append(round(total / largest_kb * cells) if largest_kb else 0)
    own, family, others = ends[0], ends[1] - ends[0], ends[2] - ends[1]
    palette = style.palette
    return [
        Segment(OWN * own, base + Style(color=palette.colours["anonymous"])),
        Segment(FAMILY * family, base + Style(color=palette.colours["shared"])),
        Segment(OTHERS * others + " " * (cells - ends[2] + 1), base + Style(color=palette.colours["file"])),
    ]
