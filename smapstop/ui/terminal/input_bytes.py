"""Encode keys, pasted text and mouse events as a terminal sends them to its program (xterm)."""

from textual import events
from textual.keys import key_to_character

_CURSOR = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_FUNCTION = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_NUMBERED = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6} | {
    f"f{key}": number
    for key, number in enumerate((15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34), 5)
}
_TEXT = {
    "enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "space": " ", "slash": "/", "at": "@",
    "underscore": "_", "minus": "-", "plus": "+", "backslash": "\\",
}  # fmt: skip
_WITH_CONTROL = {
    " ": "\0", "2": "\0", "3": "\x1b", "4": "\x1c", "5": "\x1d", "6": "\x1e", "7": "\x1f", "8": "\x7f",
    "/": "\x1f", "?": "\x7f", "\x7f": "\b",
}  # fmt: skip


def key_bytes(event: events.Key, *, application_cursor: bool) -> bytes:
    """Encode a key; empty for one that terminals do not send, such as a combination with the super key.

    Args:
        application_cursor: The program set the cursor keys to application mode (DECCKM).
    """
    *modifiers, key = event.key.split("+")
    if not {"shift", "alt", "ctrl"}.issuperset(modifiers):
        return b""
    modifier = 1 + ("shift" in modifiers) + 2 * ("alt" in modifiers) + 4 * ("ctrl" in modifiers)
    if letter := _CURSOR.get(key) or _FUNCTION.get(key):
        plain = "\x1bO" if application_cursor or key in _FUNCTION else "\x1b["
        text = f"{plain}{letter}" if modifier == 1 else f"\x1b[1;{modifier}{letter}"
    elif number := _NUMBERED.get(key):
        text = f"\x1b[{number}~" if modifier == 1 else f"\x1b[{number};{modifier}~"
    elif key == "tab" and modifiers == ["shift"]:
        text = "\x1b[Z"
    else:
        text = event.character or _text(key, modifiers)
        if text and "alt" in modifiers:
            text = "\x1b" + text
    return text.encode(errors="ignore")


def _text(key: str, modifiers: list[str]) -> str:
    """Character of a key for which Textual gives only a name."""
    text = _TEXT.get(key) or key_to_character(key) or ""
    if "shift" in modifiers:
        text = text.upper()
    if "ctrl" in modifiers:
        text = chr(ord(text) & 0x1F) if len(text) == 1 and "@" <= text <= "~" else _WITH_CONTROL.get(text, text)
    return text


def paste_bytes(text: str, *, bracketed: bool) -> bytes:
    """Encode pasted text, without control characters but tab and return, so it can neither end the paste nor act.

    Args:
        bracketed: The program set bracketed paste mode (DECSET 2004).
    """
    text = text.replace("\r\n", "\r").replace("\n", "\r")
    text = "".join(char for char in text if char in "\t\r" or not (char < " " or "\x7f" <= char <= "\x9f"))
    return (f"\x1b[200~{text}\x1b[201~" if bracketed else text).encode(errors="ignore")


def mouse_bytes(button: int, column: int, row: int, *, released: bool = False) -> bytes:
    """Encode a mouse event in the SGR encoding (DECSET 1006).

    Args:
        button: xterm's button number, with its flags for motion and modifiers.
        column: Counted from 0.
        row: Counted from 0.
    """
    return f"\x1b[<{button};{column + 1};{row + 1}{'m' if released else 'M'}".encode()
