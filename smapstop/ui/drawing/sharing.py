"""Draw the mappings that several processes of a family have, and which share of each is their own."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.text import format as fmt
from smapstop.text.kinds import letter_of
from smapstop.text.sharing import SharingText
from smapstop.text.units import AUTO, UnitFormat
from smapstop.ui.drawing.style import CURSOR_MARK, DrawStyle
from smapstop.ui.theme.contrast import ensure_legible

_LEAST_NAME = 16
_SHARE_CELLS, _LEAST_FIRST = 8, 19
_SHOWS_FUNCTIONS = 28
"""Cells from which on functions are named."""


@dataclass(frozen=True, slots=True)
class SharingColumns:
    """Widths of the columns of shared mappings, cells."""

    name: int
    pids: tuple[int, ...]
    """Processes that are shown."""
    hidden: int
    """Number of those for which there is no room."""
    first: int
    size: int = 7
    sign: str = ""
    """Sign of the unit of sizes."""


def fit_sharing_columns(
    width: int, pids: Sequence[int], chosen_pid: int = 0, unit: UnitFormat = AUTO
) -> SharingColumns:
    """Fit the columns of shared mappings into a width; the last processes are left out when there is no room.

    Args:
        width: Cells.
        pids: The processes, in order.
        chosen_pid: The process that is not left out.
        unit: Format of sizes.
    """
    name = max(_LEAST_NAME, min(36, width // 4))
    room = width - name - 1 - unit.cells
    count = max(1, min(len(pids), (room - _LEAST_FIRST) // _SHARE_CELLS))
    shown = tuple(pids[:count])
    if chosen_pid in pids[count:]:
        shown = (*pids[: count - 1], chosen_pid)
    first = max(1, room - count * _SHARE_CELLS)
    return SharingColumns(name, shown, len(pids) - len(shown), first, unit.cells, unit.sign)


def draw_sharing_titles(columns: SharingColumns, style: Style, chosen_pid: int = 0) -> list[Segment]:
    """Draw the titles of the columns, with a mark at the process whose pages are shown."""
    pids = "".join(f"{CURSOR_MARK * (pid == chosen_pid)}{pid}".rjust(_SHARE_CELLS - 1) + " " for pid in columns.pids)
    first = "First copied by · functions" if columns.first >= _SHOWS_FUNCTIONS else "First copied by"
    if columns.hidden:
        first = f"+{columns.hidden} · {first}"
    name, size = fmt.pad(" Own share of", columns.name + 1), f"Size {columns.sign}".rstrip()
    return [Segment(f"{name}{size:>{columns.size - 1}} {pids}{first}", style)]


def draw_sharing(sharing: SharingText, columns: SharingColumns, style: DrawStyle, *, cursor: bool) -> Strip:
    """Draw a mapping in several processes: the share of each that is its own."""
    base = style.cursor if cursor else style.base
    quiet = base if cursor else style.quiet
    marker = ensure_legible(base + Style(color=style.palette.colours[sharing.kind.value], bold=True))
    segments = [
        Segment(f"{letter_of(sharing.kind)} ", marker),
        Segment(fmt.pad(fmt.shorten_middle(sharing.name, columns.name - 2), columns.name - 1), base),
        Segment(f"{sharing.size:>{columns.size - 1}} ", quiet),
    ]
    for text, own in zip(sharing.shares, sharing.own, strict=True):
        ink = base if cursor else style.bold if own >= 0.5 else style.base if own else style.quiet
        segments.append(Segment(f"{text:>{_SHARE_CELLS - 1}} ", ink))
    return Strip([*segments, Segment(fmt.clip(sharing.first, columns.first), base)])


def draw_folded(text: str, style: DrawStyle, *, cursor: bool) -> Strip:
    """Draw the line for the mappings that are folded."""
    return Strip([Segment(text, style.cursor if cursor else style.quiet)])
