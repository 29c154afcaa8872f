"""How the cells of a terminal look: its characters, and from the numbers of SGR (ECMA-48 8.3.117) to rich's styles.

A look is all of a pyte cell but its text. Its colours are rich's words for them. pyte has no field for faint, and a
pane does not blink: `blink` means faint.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pyte.screens import Char
from rich.cells import get_character_cell_size
from rich.style import Style

from smapstop.text.format import printable

BLANK = Char(" ")

_SGR_ATTRIBUTES: dict[int, dict[str, bool | str]] = {
    1: {"bold": True},
    2: {"blink": True},
    3: {"italics": True},
    4: {"underscore": True},
    7: {"reverse": True},
    9: {"strikethrough": True},
    21: {"underscore": True},
    22: {"bold": False, "blink": False},
    23: {"italics": False},
    24: {"underscore": False},
    27: {"reverse": False},
    29: {"strikethrough": False},
    39: {"fg": "default"},
    49: {"bg": "default"},
}
for _first, _colour, _field in ((30, 0, "fg"), (40, 0, "bg"), (90, 8, "fg"), (100, 8, "bg")):
    _SGR_ATTRIBUTES |= {_first + number: {_field: f"color({_colour + number})"} for number in range(8)}


def apply_sgr(cell: Char, numbers: Iterable[int]) -> Char:
    """A cell after the numbers of an SGR."""
    codes = iter(numbers)
    for code in codes:
        if code == 0:
            cell = BLANK
        elif code in {38, 48, 58}:
            colour = _extended_colour(codes)
            if colour and code != 58:  # the underline's
                cell = cell._replace(fg=colour) if code == 38 else cell._replace(bg=colour)
        elif code in _SGR_ATTRIBUTES:
            cell = cell._replace(**_SGR_ATTRIBUTES[code])  # type: ignore[arg-type]
    return cell


def _extended_colour(codes: Iterator[int]) -> str:
    """The colour that follows a 38 or 48: `5;NUMBER` or `2;RED;GREEN;BLUE`; empty when it is none."""
    kind = next(codes, 0)
    if kind == 5:
        number = next(codes, 256)
        return f"color({number})" if number < 256 else ""
    if kind == 2:
        return "#" + "".join(f"{min(next(codes, 0), 255):02x}" for _ in range(3))
    return ""


@lru_cache(1024)
def style_of(attributes: tuple[str | bool, ...]) -> Style:
    """The style of all of a cell but its text. The default colours are the pane's; what is off is left out."""
    cell = Char("", *attributes)  # type: ignore[arg-type]
    return Style(
        color=None if cell.fg == "default" else cell.fg,
        bgcolor=None if cell.bg == "default" else cell.bg,
        bold=cell.bold or None,
        italic=cell.italics or None,
        underline=cell.underscore or None,
        strike=cell.strikethrough or None,
        reverse=cell.reverse or None,
        dim=cell.blink or None,
    )


class Pen(dict[str, Char]):
    """Every character in one look; drawing looks cells up instead of making them."""

    def __init__(self, attributes: Char) -> None:
        super().__init__()
        self._attributes = attributes

    def __missing__(self, text: str) -> Char:
        cell = self[text] = self._attributes._replace(data=text)
        return cell


@lru_cache(4096)
def glyph_of(char: str) -> tuple[str, int]:
    """What is drawn for a character, and its width in cells; 0 for a mark on the one before it."""
    width = get_character_cell_size(char)
    category = unicodedata.category(char)
    if printable(char) == char or category == "Co":  # private use: the symbols of prompts
        return (char, width) if width or category[0] == "M" else ("", 0)
    return (" " if category == "Zs" else "?") * width, width
