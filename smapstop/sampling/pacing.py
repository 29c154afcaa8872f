"""When to read, and how much: absolute deadlines, and a budget that reading must keep to."""

from smapstop.model.protocol import Pace
from smapstop.model.tick import Tier

_BETWEEN_DIVISOR = 4
"""What is read between two full readings may take this part (a quarter) of the budget, so that the next one comes."""


class Pacer:
    """Decides when the next tick is due and what it reads. It is told the time, and never asks for it.

    The budget is a debt: every tick adds its cost, every interval pays off its share, and smaps is read again only
    when nothing is owed. So the cost of all ticks never exceeds the budget by more than the last full reading.
    """

    def __init__(self, pace: Pace, now_ns: int) -> None:
        self.due_ns = now_ns
        """When the next tick is due, on the monotonic clock."""
        self._pace = pace
        self._last_due_ns = now_ns
        self._debt_ns = 0
        """What is owed; negative while the running interval's share is not used up."""
        self._requests_ns = 0
        self._last_requests_ns = 0
        self._cost_ns: dict[Tier, int] = {}

    @property
    def pace(self) -> Pace:
        """What was asked for; a shorter interval counts from the last tick on."""
        return self._pace

    @pace.setter
    def pace(self, pace: Pace) -> None:
        self._pace = pace
        self.due_ns = min(self.due_ns, self._last_due_ns + pace.interval_ns)

    @property
    def interval_ns(self) -> int:
        """The time between full readings that the budget allows: the interval asked for, or a multiple of it."""
        cost, between = self._cost_ns.get("smaps", 0) + self._last_requests_ns, self._tier_between()
        cost_between = self._cost_ns.get(between, 0) if between else 0
        reading = max(1, _ceil_div(cost, self._pace.interval_ns))
        waiting = _ceil_div(max(0, cost - reading * self._income_ns), self._income_ns - cost_between)
        return self._pace.interval_ns * (reading + waiting)

    def tier(self) -> Tier:
        """What the tick that is due now can afford to read."""
        return "smaps" if self._debt_ns <= 0 else self._tier_between() or "smaps"

    def book_tick(self, tier: Tier, cost_ns: int, now_ns: int) -> None:
        """Book a tick, and set the next deadline. A late tick is skipped, never queued."""
        self._cost_ns[tier] = cost_ns
        if tier == "smaps":
            self._last_requests_ns, self._requests_ns = self._requests_ns, 0
        self._debt_ns = max(0, self._debt_ns) + cost_ns
        intervals = max(1, _ceil_div(now_ns - self.due_ns, self._pace.interval_ns))
        if self._tier_between() is None:
            intervals = max(intervals, _ceil_div(self._debt_ns, self._income_ns))
        self._debt_ns -= intervals * self._income_ns
        self._last_due_ns = self.due_ns
        self.due_ns += intervals * self._pace.interval_ns

    def book_request(self, cost_ns: int) -> None:
        """Book what was read between two ticks because somebody asked: it is paid off as the ticks are."""
        self._requests_ns += cost_ns
        self._debt_ns += cost_ns

    @property
    def _income_ns(self) -> int:
        """What an interval pays."""
        return max(1, int(self._pace.budget * self._pace.interval_ns))

    def _tier_between(self) -> Tier | None:
        """What ticks between two full readings read; None when the budget has no room for such ticks."""
        affordable = self._income_ns // _BETWEEN_DIVISOR
        tiers: tuple[Tier, ...] = ("rollup", "counters")
        return next((tier for tier in tiers if self._cost_ns.get(tier, 0) <= affordable), None)


def _ceil_div(a: int, b: int) -> int:
    """The quotient of two integers, rounded up."""
    return -(-a // b)
