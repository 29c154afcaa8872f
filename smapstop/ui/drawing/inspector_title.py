"""Title of the inspector: what it is about, and its tabs."""

from typing import Literal, get_args

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import Kind
from smapstop.model.short_names import without_path
from smapstop.text import format as fmt
from smapstop.text.kinds import LETTERS
from smapstop.ui.drawing.style import DrawStyle

Tab = Literal["why", "fields", "pages", "life", "events", "callers"]
"""A tab of the inspector."""
TABS: tuple[Tab, ...] = get_args(Tab)
_LONG = tuple(f" {number} {tab.capitalize()} " for number, tab in enumerate(TABS, 1))
_SHORT = tuple(f" {tab.capitalize()} " for tab in TABS)
_MIN_NAME = 16
"""Least cells for the name beside the tabs."""


@dataclass(frozen=True, slots=True)
class InspectorTitle:
    """What the title says."""

    kind: Kind | None
    name: str
    place: str
    """Addresses; left out where there is no room."""
    tab: Tab
    tabs: tuple[Tab, ...]
    """The tabs that there are."""
    hint: str
    """Key that comes next; left out where there is no room."""


def draw_title(title: InspectorTitle, style: DrawStyle, width: int, *, focused: bool) -> Strip:
    """Draw the title on one line: the tabs at the right, the name in what is left."""
    ground = style.cursor if focused else style.header
    tabs = _tab_texts(width, title.tabs)
    chosen = ground + Style(bold=True, reverse=True)
    tail = [Segment(text, chosen if tab == title.tab else ground + Style(bold=False)) for tab, text in tabs]
    room = width - sum(len(text) for _, text in tabs) - 4
    head = []
    if title.kind is not None:
        letter = ground + Style(color=style.palette.colours[title.kind], bold=True)
        head.append(Segment(f" {LETTERS[title.kind]} ", letter if not focused else ground))
    name = title.name if fmt.cell_width(fmt.printable(title.name)) <= room else without_path(title.name)
    name = fmt.shorten_middle(name, max(0, room))
    head.append(Segment(name, ground + Style(bold=True)))
    room -= fmt.cell_width(name)
    for text in (title.place, title.hint):
        if text and fmt.cell_width(text) + 3 <= room:
            head.append(Segment(f"   {text}", ground + Style(bold=False)))
            room -= fmt.cell_width(text) + 3
    left = Strip(head).adjust_cell_length(max(0, width - sum(segment.cell_length for segment in tail)), ground)
    return Strip.join([left, Strip(tail)]).adjust_cell_length(width, ground)


def tab_at(x: int, width: int, tabs: tuple[Tab, ...] = TABS) -> Tab | None:
    """Return the tab at a cell of a title of this width, with these tabs; None where there is none."""
    texts = _tab_texts(width, tabs)
    at = width - sum(len(text) for _, text in texts)
    for tab, text in texts:
        if at <= x < at + len(text):
            return tab
        at += len(text)
    return None


def _tab_texts(width: int, tabs: tuple[Tab, ...]) -> list[tuple[Tab, str]]:
    """Tabs with their texts; none where they leave no room for the name."""
    for texts in (_LONG, _SHORT):
        some = [(tab, text) for tab, text in zip(TABS, texts, strict=True) if tab in tabs]
        if sum(len(text) for _, text in some) + _MIN_NAME <= width:
            return some
    return []
