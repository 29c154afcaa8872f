"""Shorten symbol names for display: names of C++ templates can be wider than the screen."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

from smapstop.text.format import CUT, printable

MAX_LENGTH = 48
"""Longer names lose the contents of their brackets, innermost first, until they fit."""
_DEEPEST = 8
"""Anything nested deeper than this is dropped in one step."""
_TOKEN = re.compile(r"operator(?:\(\)|<=>|<<=?|<=?|>>=?|->\*?|>=?)|->|\(anonymous namespace\)|.", re.S)
"""Tokens of a name; `<` and `>` in operators and arrows are not brackets."""


@lru_cache(4096)
def shorten_symbol(name: str) -> str:
    """Shorten a name by folding function arguments first, then template arguments.

    `std::vector<std::pair<int, int>, std::allocator<std::pair<int, int>>>::insert(std::pair<int, int> const&)`
    becomes `std::vector<…>::insert(…)`.
    """
    if len(name) <= MAX_LENGTH:
        return name
    for opening, closing in ("()", "<>"):
        tokens = _TOKEN.findall(name)
        min_depth = 2 if tokens[:1] == ["<"] else 1  # a Rust name starts with its type in <…>: keep it
        deepest = max(accumulate((token == opening) - (token == closing) for token in tokens))
        for depth in range(1 if opening == "(" else min(deepest, _DEEPEST), min_depth - 1, -1):
            if len(name) > MAX_LENGTH:
                name = _fold_brackets(tokens, depth, opening, closing)
    return name


def _fold_brackets(tokens: list[str], max_depth: int, opening: str, closing: str) -> str:
    """Replace everything nested at least `max_depth` brackets deep by `…`."""
    parts, depth, hidden = list[str](), 0, False
    for token in tokens:
        depth -= token == closing
        if depth < max_depth:
            parts += [CUT, token] if hidden else [token]
        hidden = depth >= max_depth
        depth += token == opening
    return "".join(parts)


def join_symbols(names: Iterable[str]) -> str:
    """Join shortened names into one printable line."""
    return printable(", ".join(map(shorten_symbol, names)))
