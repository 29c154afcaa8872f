"""When to read, and how much: absolute deadlines, and a budget that reading must keep to."""

from smapstop.model.requests import Pace
from smapstop.model.tick import Tier

_SHARE_OF_ROLLUP = 0.25
"""Totals between two full readings may take this part of the budget, so that the next full one comes soon."""
_PATIENCE = 60
"""At most so many intervals between full readings, whatever they cost: a stale map helps nobody."""


class Pacer:
    """Decides when the next tick is due and what it reads. It is told the time, and never asks for it.

    The budget is an account: every interval pays in a share of its length, every reading takes out its cost.
    """

    def __init__(self, pace: Pace, now_ns: int) -> None:
        self.pace = pace
        self.due_ns = now_ns
        """When the next tick is due, on the monotonic clock."""
        self._credit_ns = 0.0
        self._cost_ns: dict[Tier, float] = {}
        self._waited = 0

    @property
    def interval_ns(self) -> int:
        """The time between full readings that the budget allows: the interval asked for, or a multiple of it."""
        cost = self._cost_ns.get("smaps", 0.0)
        intervals = -(-cost // max(1.0, self.pace.budget * self.pace.interval_ns))
        return self.pace.interval_ns * int(min(max(1, intervals), _PATIENCE))

    def tier(self) -> Tier:
        """What the tick that is due now can afford to read."""
        cost = self._cost_ns.get("smaps", 0.0)
        income = self.pace.budget * self.pace.interval_ns
        if cost <= income or self._credit_ns >= cost or self._waited >= _PATIENCE:
            return "smaps"
        return "rollup" if self._cost_ns.get("rollup", 0.0) <= _SHARE_OF_ROLLUP * income else "counters"

    def spent(self, tier: Tier, cost_ns: int, now_ns: int) -> None:
        """Book a tick, and set the next deadline. A late tick is skipped, never queued."""
        before = self._cost_ns.get(tier, 0.0)
        # quick to learn that reading has become dear, slower to believe that it is cheap again
        self._cost_ns[tier] = max(cost_ns, 0.5 * (before + cost_ns))
        intervals = 1 + max(0, now_ns - self.due_ns) // self.pace.interval_ns
        self.due_ns += intervals * self.pace.interval_ns
        income = intervals * self.pace.budget * self.pace.interval_ns
        taken = cost_ns if tier == "smaps" else 0
        self._credit_ns = min(self._credit_ns + income - taken, self._cost_ns.get("smaps", 0.0))
        self._waited = 0 if tier == "smaps" else self._waited + intervals
