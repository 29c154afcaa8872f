"""Who else maps the object of a mapping: the last reply, and when to request it again."""

from smapstop.model.protocol import SharersReply

_TICKS_BETWEEN = 5
"""Ticks from one request to the next: it looks through all processes."""


class ObjectSharers:
    """Processes that map one object; requested when its mapping is opened, and now and then while it is shown."""

    def __init__(self) -> None:
        self.reply: SharersReply | None = None
        """The last reply."""
        self._next_tick = 0
        self._awaits_reply = False

    def is_due(self, ticks: int) -> bool:
        """Return whether to request it now, given the number of ticks; not while a reply is pending."""
        if self._awaits_reply or ticks < self._next_tick:
            return False
        self._next_tick, self._awaits_reply = ticks + _TICKS_BETWEEN, True
        return True

    def store_reply(self, reply: SharersReply) -> None:
        """Store a reply."""
        self.reply, self._awaits_reply = reply, False
