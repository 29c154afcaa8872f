"""Names of symbols for the screen: those of templates can be longer than it is wide."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

from smapstop.text.format import CUT, printable

MAX_LENGTH = 48
"""A longer name gives up what is in its brackets, from the inside out, until it is as short as this."""
_DEEPEST = 8
"""What is in more brackets than this goes at once."""
_TOKEN = re.compile(r"operator(?:\(\)|<=>|<<=?|<=?|>>=?|->\*?|>=?)|->|\(anonymous namespace\)|.", re.S)
"""What counts as one letter: not every angle is a bracket."""


@lru_cache(4096)
def shorten_symbol(name: str) -> str:
    """A name without what makes it long: the arguments of functions first, then those of templates.

    `std::vector<std::pair<int, int>, std::allocator<std::pair<int, int>>>::insert(std::pair<int, int> const&)` is
    `std::vector<…>::insert(…)`.
    """
    if len(name) <= MAX_LENGTH:
        return name
    for opening, closing in ("()", "<>"):
        tokens = _TOKEN.findall(name)
        least = 2 if tokens[:1] == ["<"] else 1  # of Rust: what the name is of
        deepest = max(accumulate((token == opening) - (token == closing) for token in tokens))
        for depth in range(1 if opening == "(" else min(deepest, _DEEPEST), least - 1, -1):
            if len(name) > MAX_LENGTH:
                name = _fold_brackets(tokens, depth, opening, closing)
    return name


def _fold_brackets(tokens: list[str], most: int, opening: str, closing: str) -> str:
    """The name with `…` for what is in so many brackets, or more."""
    parts, depth, hidden = list[str](), 0, False
    for token in tokens:
        depth -= token == closing
        if depth < most:
            parts += [CUT, token] if hidden else [token]
        hidden = depth >= most
        depth += token == opening
    return "".join(parts)


def join_symbols(names: Iterable[str]) -> str:
    """Names in one line, safe to draw."""
    return printable(", ".join(map(shorten_symbol, names)))
