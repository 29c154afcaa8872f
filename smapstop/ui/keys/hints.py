"""Hints about keys, "/ search   esc close": a click on one presses its key."""

import re

from textual.binding import Binding

from smapstop.ui.keys.keymap import parse_key

BORDER_END = 3
"""Cells of a border after its text, at the right."""
_BETWEEN = re.compile(r" {2,}| · ")
_WORD = re.compile(r"\S+")


def hint_key(text: str, x: int) -> str | None:
    """Key of the hint at a cell of a text, by its name in events; None where there is none.

    Hints are separated by two spaces or a dot. One begins with its keys, "← → step": a click on one of these is that
    key, on the words the first.
    """
    begins = [0, *(gap.end() for gap in _BETWEEN.finditer(text))]
    ends = [*(gap.start() for gap in _BETWEEN.finditer(text)), len(text)]
    begin, end = next(((a, b) for a, b in zip(begins, ends, strict=True) if a <= x < b), (0, 0))
    keys: list[tuple[int, int, str]] = []
    for word in _WORD.finditer(text, begin, end):
        found = [(word.start() + at, word.start() + to, key) for at, to, key in _keys_of(word[0])]
        if not found:
            break
        keys += found
    if not keys or keys[-1][1] >= end:  # keys without words are a text
        return None
    key = next((key for at, to, key in keys if at <= x < to), keys[0][2])
    return next(iter(Binding.make_bindings([(key, "", "")]))).key


def _keys_of(word: str) -> list[tuple[int, int, str]]:
    """Keys that a word names, one, or several signs such as ←→, each with its cells; none if it names none."""
    name = word.removesuffix(":") or word
    key = parse_key(name)
    if key is not None:
        return [(0, len(word), key)]
    signs = [] if any(letter.isalnum() for letter in name) else [parse_key(sign) for sign in name]
    return [(at, at + 1, sign) for at, sign in enumerate(signs) if sign is not None] if all(signs) else []
