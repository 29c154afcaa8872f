"""Names on the pages of one mapping: those known, and which to request next."""

from collections.abc import Iterable

from smapstop.model.protocol import SymbolsReply, SymbolsRequest

MAX_RANGES_PER_REQUEST = 48
"""Most ranges of pages in one request."""
MAX_CACHED_RANGES = 20_000
"""Number of cached ranges above which the cache is cleared."""


class PageNames:
    """Cache of the names on pages by address range; requested when they are to be shown."""

    def __init__(self, mapping: int) -> None:
        self.mapping = mapping
        self.known: dict[tuple[int, int], tuple[str, ...]] = {}
        self.missing_reason = ""
        """Why the file has no symbols, as its predicate ("is not an ELF file"); empty if it has some."""
        self._awaits_reply = False

    def next_request(self, ranges: Iterable[tuple[int, int]]) -> SymbolsRequest | None:
        """Return the request for the first unknown ranges; None while a reply is pending, or if all are known."""
        new = tuple(dict.fromkeys(each for each in ranges if each not in self.known))[:MAX_RANGES_PER_REQUEST]
        if self._awaits_reply or not new:
            return None
        self._awaits_reply = True
        return SymbolsRequest(self.mapping, new)

    def store_reply(self, reply: SymbolsReply) -> None:
        """Store a reply; a full cache is cleared first."""
        self._awaits_reply = False
        if len(self.known) > MAX_CACHED_RANGES:
            self.known.clear()
        self.known |= zip(reply.ranges, reply.names, strict=True)
        self.missing_reason = reply.missing_reason
