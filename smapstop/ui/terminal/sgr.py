"""Attributes of terminal cells: from SGR codes (ECMA-48 8.3.117) to rich styles; the glyph and width of characters.

The attributes are all fields of a pyte cell but its text. Colours have rich's names. pyte has no field for faint,
and a pane does not blink, so `blink` means faint.
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
    """Apply the codes of an SGR sequence to a cell."""
    codes = iter(numbers)
    for code in codes:
        if code == 0:
            cell = BLANK
        elif code in {38, 48, 58}:
            colour = _extended_colour(codes)
            if colour and code != 58:  # 58 is the underline's, which is ignored
                cell = cell._replace(fg=colour) if code == 38 else cell._replace(bg=colour)
        elif code in _SGR_ATTRIBUTES:
            cell = cell._replace(**_SGR_ATTRIBUTES[code])  # type: ignore[arg-type]
    return cell


def _extended_colour(codes: Iterator[int]) -> str:
    """Colour after a 38, 48 or 58: `5;NUMBER` or `2;RED;GREEN;BLUE`; empty if invalid."""
    kind = next(codes, 0)
    if kind == 5:
        number = next(codes, 256)
        return f"color({number})" if number < 256 else ""
    if kind == 2:
        return "#" + "".join(f"{min(next(codes, 0), 255):02x}" for _ in range(3))
    return ""


@lru_cache(1024)
def style_of(attributes: tuple[str | bool, ...]) -> Style:
    """Style for the attributes of a cell. Default colours and attributes that are off are unset: the pane's apply."""
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
    """Cells by character, all with the same attributes: a cache, so that drawing creates no cells."""

    def __init__(self, attributes: Char) -> None:
        super().__init__()
        self._attributes = attributes

    def __missing__(self, text: str) -> Char:
        cell = self[text] = self._attributes._replace(data=text)
        return cell


@lru_cache(4096)
def glyph_of(char: str) -> tuple[str, int]:
    """Glyph drawn for a character, and its width in cells; 0 for a combining mark, and for what is not drawn."""
    width = get_character_cell_size(char)
    category = unicodedata.category(char)
    if printable(char) == char or category == "Co":  # private use: symbols in shell prompts
        return (char, width) if width or category[0] == "M" else ("", 0)
    return (" " if category == "Zs" else "?") * width, width
