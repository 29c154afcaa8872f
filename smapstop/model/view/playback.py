"""Time going on in the past: which tick is due, as fast as was asked for."""

from dataclasses import dataclass

from smapstop.model.timeline.rates import STALE_INTERVALS
from smapstop.model.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Playback:
    """Ticks being played one after the other. It is told the time, and never asks for it."""

    number: int
    """The tick that is shown."""
    since: float
    """When it was due, in seconds of the reader's clock."""

    def advance(self, timeline: Timeline, speed: int, now: float) -> "Playback":
        """What is due now; at the newest tick it waits for more.

        A gap between readings, such as a suspend, is not waited for in full; nor is what is forgotten meanwhile.
        """
        number, since = max(self.number, timeline.oldest), self.since
        while number + 1 < len(timeline):
            this, following = timeline.header(number), timeline.header(number + 1)
            gap_ns = min(following.monotonic_ns - this.monotonic_ns, STALE_INTERVALS * this.interval_ns)
            due = since + max(0, gap_ns) / 1e9 / speed
            if due > now:
                return Playback(number, since)
            number, since = number + 1, due
        return Playback(number, now)
