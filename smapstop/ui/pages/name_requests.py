"""What is known of the names on pages of one mapping, and what is to be asked for next."""

from collections.abc import Iterable

from smapstop.model.protocol import SymbolsOn, SymbolsSeen

MOST_ASKED = 48
"""So many ranges of pages are asked about at once."""
MOST_KEPT = 20_000
"""So many are remembered."""


class PageNames:
    """The names on pages, by the addresses of the pages; asked for when they are looked at, and remembered."""

    def __init__(self, mapping: int) -> None:
        self.mapping = mapping
        self.known: dict[tuple[int, int], tuple[str, ...]] = {}
        self.lacking = ""
        """Why there are no symbols, to be said of the file; empty when it has some."""
        self._waiting = False

    def request(self, ranges: Iterable[tuple[int, int]]) -> SymbolsOn | None:
        """What to ask for, the first ones first; None while an answer is awaited, or when all is known."""
        new = tuple(dict.fromkeys(each for each in ranges if each not in self.known))[:MOST_ASKED]
        if self._waiting or not new:
            return None
        self._waiting = True
        return SymbolsOn(self.mapping, new)

    def store_reply(self, reply: SymbolsSeen) -> None:
        """Take in an answer."""
        self._waiting = False
        if len(self.known) > MOST_KEPT:
            self.known.clear()
        self.known |= zip(reply.ranges, reply.names, strict=True)
        self.lacking = reply.lacking
