"""What is known of the names on pages of one mapping, and what is to be asked for next."""

from collections.abc import Iterable

from smapstop.model.protocol import SymbolsReply, SymbolsRequest

MAX_RANGES_PER_REQUEST = 48
"""So many ranges of pages are asked about at once."""
MAX_CACHED_RANGES = 20_000
"""So many are remembered."""


class PageNames:
    """The names on pages, by the addresses of the pages; asked for when they are looked at, and remembered."""

    def __init__(self, mapping: int) -> None:
        self.mapping = mapping
        self.known: dict[tuple[int, int], tuple[str, ...]] = {}
        self.missing_reason = ""
        """Why there are no symbols, to be said of the file; empty when it has some."""
        self._awaits_reply = False

    def next_request(self, ranges: Iterable[tuple[int, int]]) -> SymbolsRequest | None:
        """What to ask for, the first ones first; None while an answer is awaited, or when all is known."""
        new = tuple(dict.fromkeys(each for each in ranges if each not in self.known))[:MAX_RANGES_PER_REQUEST]
        if self._awaits_reply or not new:
            return None
        self._awaits_reply = True
        return SymbolsRequest(self.mapping, new)

    def store_reply(self, reply: SymbolsReply) -> None:
        """Take in an answer."""
        self._awaits_reply = False
        if len(self.known) > MAX_CACHED_RANGES:
            self.known.clear()
        self.known |= zip(reply.ranges, reply.names, strict=True)
        self.missing_reason = reply.missing_reason
