"""Keymap: the keys of the table with the user's overrides."""

import re
from collections.abc import Iterator, Mapping

from smapstop.ui.keys.key import MODAL_PLACES, Key, Place
from smapstop.ui.keys.table import KEY, KEYS

_NAMES = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "escape": "esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "comma": ",",
}
_WITH_CTRL = {"right_square_bracket": "]", "backslash": "\\", "circumflex_accent": "^", "underscore": "_"}
"""Punctuation that terminals can send with ctrl, by Textual's names, which it has only in combinations."""


def key_name(key: str) -> str:
    """Display name of a key: "F1", "esc", "shift+←", "ctrl+p"."""
    *modifiers, pressed = key.split("+") if len(key) > 1 else [key]
    names = _NAMES | _WITH_CTRL if modifiers else _NAMES
    name = pressed.upper() if re.fullmatch(r"f\d+", pressed) else names.get(pressed, pressed)
    return "+".join([*modifiers, name])


_KEYS_BY_DISPLAY_NAME = {name.casefold(): key for key, name in _NAMES.items()}
_COMBINED_BY_CHARACTER = {character: key for key, character in _WITH_CTRL.items()}
_NAMED_KEYS = {
    *_WITH_CTRL,
    *("enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"),
    *("up", "down", "left", "right", "comma"),
    *(f"f{number}" for number in range(1, 25)),
}
_MODIFIERS = ("ctrl", "alt", "shift")
KEY_HINT = "give a character, or a name: enter, space, esc, F5, PgUp, home, ←, ctrl+x, alt+x, shift+←"


def parse_key(text: str) -> str | None:
    """Parse a key as written by the user; None if invalid.

    Returns:
        The key in Textual's spelling.
    """
    *modifiers, pressed = [text] if len(text) == 1 else text.split("+")
    keys = _KEYS_BY_DISPLAY_NAME | _COMBINED_BY_CHARACTER if modifiers else _KEYS_BY_DISPLAY_NAME
    key = keys.get(pressed.casefold(), pressed if len(pressed) == 1 else pressed.casefold())
    if not {each.casefold() for each in modifiers} <= set(_MODIFIERS):
        return None
    if key not in _NAMED_KEYS and not (len(key) == 1 and key.isprintable() and key not in " ,"):
        return None
    return "+".join([*map(str.casefold, modifiers), key])


class Keymap:
    """Keys of each row of the table.

    Args:
        overrides: Keys that replace those of the table, in Textual's spelling, by row name.
    """

    def __init__(self, overrides: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.overrides = dict(overrides or {})

    def keys(self, name: str) -> tuple[str, ...]:
        """Keys of a row, the main one first."""
        return self.overrides.get(name, KEY[name].keys)

    def display_names(self, name: str) -> tuple[str, ...]:
        """Display names of the keys of a row."""
        return tuple(map(key_name, self.keys(name)))

    def find_clashes(self) -> Iterator[tuple[str, str, str]]:
        """Keys bound to two actions in one place: key, and the names of the two rows."""
        for at, one in enumerate(KEYS):
            for other in KEYS[at + 1 :]:
                if _can_clash(one, other):
                    for key in self.keys(one.name):
                        if key in self.keys(other.name):
                            yield key, one.name, other.name


def _places(key: Key) -> set[Place]:
    """Places where a key works; keys of "list" work in every list."""
    return {*key.actions, *(("fields", "events") if "list" in key.actions else ())}


def _can_clash(one: Key, other: Key) -> bool:
    """Whether two rows with the same key would conflict in some place."""
    if one.name == other.shadows or other.name == one.shadows:
        return False
    here, there = _places(one), _places(other)
    below = (here - MODAL_PLACES, there - MODAL_PLACES)
    return bool(here & there) or (all(below) and any("anywhere" in places for places in below))
