"""Playback of past ticks: which tick is due at a given speed."""

from smapstop.lazy_dataclass import dataclass
from smapstop.model.timeline.rates import STALE_INTERVALS
from smapstop.model.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Playback:
    """Position of a playback. The caller passes the time; no clock is read here."""

    number: int
    """The tick shown."""
    since: float
    """When it was due, seconds on the caller's clock."""

    def advance(self, timeline: Timeline, speed: int, now: float) -> "Playback":
        """Position that is due now; at the newest tick, playback waits for more.

        A gap between readings, such as a suspend, is shortened to `STALE_INTERVALS` intervals. Ticks dropped
        meanwhile are skipped.
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
