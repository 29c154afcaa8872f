"""Pacing: absolute deadlines of ticks, and what each may read within the CPU budget."""

from smapstop.model.protocol import Pace
from smapstop.model.tick import Tier

_BETWEEN_DIVISOR = 4
"""Readings between two full ones may use a quarter of the budget, so that the next full one is not starved."""
_MEAN_TICKS = 16
"""Ticks that the mean cost of what is read between two full readings is about."""
_REST_RATIO = 4
"""How many times its CPU time a reading may take before the rest counts as an accident. On a busy machine (a load of
three for each core) 2.2 to 2.8 times were measured."""


class Pacer:
    """Decide when the next tick is due and what it reads. The caller passes the time; no clock is read here.

    The budget is a debt: every tick adds its cost, every interval pays off its share, and smaps is read again only
    when the debt is paid. So the total cost never exceeds the budget by more than the last full reading.
    """

    def __init__(self, pace: Pace, now_ns: int) -> None:
        self.due_ns = now_ns
        """Deadline of the next tick, monotonic clock, ns."""
        self._pace = pace
        self._last_due_ns = self._booked_ns = now_ns
        """Deadline of the last tick, and when its cost was known."""
        self._owed_ns = 0
        """Debt at the last tick, before the intervals until the next one have paid off their shares, ns."""
        self._debt_ns = 0
        """Debt, ns; negative while the share of the current interval is not used up."""
        self._requests_ns = 0
        self._last_requests_ns = 0
        self._cost_ns: dict[Tier, int] = {}
        """Cost of the last reading of each tier, without that of page faults."""
        self._elapsed_ns: dict[Tier, int] = {}
        """How long the last reading of each tier took."""
        self._mean_ns: dict[Tier, int] = {}
        """Mean cost of the last ticks of each tier, with what is charged of page faults."""
        self._faults_ns = 0
        """Cost of page faults at the last tick."""

    @property
    def pace(self) -> Pace:
        """Requested interval and budget; a new one applies from the last tick on, a longer interval from the next."""
        return self._pace

    @pace.setter
    def pace(self, pace: Pace) -> None:
        is_longer = pace.interval_ns > self._pace.interval_ns
        self._pace = pace
        if is_longer:
            return
        if self._cost_ns:
            self._schedule()
        else:
            self.due_ns = min(self.due_ns, self._last_due_ns + pace.interval_ns)

    @property
    def interval_ns(self) -> int:
        """Time between full readings within the budget, ns: the requested interval or a multiple of it."""
        between, income = self._tier_between(), self._income_ns
        cost = self._cost_ns.get("smaps", 0) + self._charged_ns + self._last_requests_ns
        cost_between = self._mean_ns.get(between, self._charged_ns) if between else 0
        reading = max(1, _ceil_div(cost, self._pace.interval_ns))
        pays_off = max(income - cost_between, income // _BETWEEN_DIVISOR, 1)
        waiting = _ceil_div(max(0, cost - reading * income), pays_off)
        return self._pace.interval_ns * (reading + waiting)

    def tier(self) -> Tier:
        """Tier that the budget allows for the tick that is due now."""
        return "smaps" if self._debt_ns <= 0 else self._tier_between() or "smaps"

    def book_tick(self, tier: Tier, cost_ns: int, now_ns: int, *, elapsed_ns: int = 0, faults_ns: int = 0) -> None:
        """Charge a tick to the budget and set the next deadline. Late ticks are skipped, never queued.

        Args:
            tier: What was read.
            cost_ns: CPU time of that.
            now_ns: Time, monotonic clock.
            elapsed_ns: How long reading took. It is charged where it is longer, as the kernel holds a lock of the
                process meanwhile; but the first time in a row only up to `_REST_RATIO` times the CPU time: a reading
                that stood still once (a paused machine, a stopped process) says nothing about the next one.
            faults_ns: Cost of watching page faults since the last tick. It is charged up to half of what
                an interval may cost: symbol tables, read once, would else delay the next readings for seconds.
        """
        is_first = not self._cost_ns
        usual_ns = max(_REST_RATIO * cost_ns, self._elapsed_ns.get(tier, 0))
        self._elapsed_ns[tier] = elapsed_ns
        cost_ns = max(cost_ns, min(elapsed_ns, usual_ns))
        self._cost_ns[tier], self._faults_ns = cost_ns, faults_ns
        cost_ns += self._charged_ns
        mean_ns = self._mean_ns.get(tier, cost_ns)
        self._mean_ns[tier] = mean_ns + (cost_ns - mean_ns) // _MEAN_TICKS
        is_soon = is_first and cost_ns <= 2 * self._income_ns  # the first also reads what is read only once
        if tier == "smaps":
            self._last_requests_ns, self._requests_ns = self._requests_ns, 0
        self._owed_ns = max(0, self._debt_ns) + (min(cost_ns, self._income_ns) if is_soon else cost_ns)
        self._last_due_ns, self._booked_ns = self.due_ns, now_ns
        self._schedule()

    def _schedule(self) -> None:
        """Set the deadline after the last tick: a whole number of intervals, which pay off what they can."""
        intervals = max(1, _ceil_div(self._booked_ns - self._last_due_ns, self._pace.interval_ns))
        if self._tier_between() is None:
            intervals = max(intervals, _ceil_div(self._owed_ns, self._income_ns))
        self._debt_ns = self._owed_ns - intervals * self._income_ns
        self.due_ns = self._last_due_ns + intervals * self._pace.interval_ns

    def book_request(self, cost_ns: int) -> None:
        """Charge a reading on request, between two ticks; it is paid off like a tick."""
        self._requests_ns += cost_ns
        self._owed_ns += cost_ns
        self._debt_ns += cost_ns

    def drop_debt(self, now_ns: int) -> None:
        """Drop the debt, and let the next tick be an interval away: what is read once, when watching begins."""
        self._owed_ns, self._debt_ns, self._cost_ns, self._mean_ns = 0, 0, {}, {}
        self._last_due_ns, self.due_ns = now_ns, now_ns + self._pace.interval_ns

    @property
    def _income_ns(self) -> int:
        """Debt that one interval pays off, ns."""
        return max(1, int(self._pace.budget * self._pace.interval_ns))

    @property
    def _charged_ns(self) -> int:
        """Cost of page faults at the last tick, as far as it is charged."""
        return min(self._faults_ns, self._income_ns // 2)

    def _tier_between(self) -> Tier | None:
        """Tier of ticks between two full readings; None when the budget does not allow such ticks."""
        affordable = self._income_ns // _BETWEEN_DIVISOR
        tiers: tuple[Tier, ...] = ("rollup", "counters")
        return next((tier for tier in tiers if self._cost_ns.get(tier, 0) <= affordable), None)


def _ceil_div(a: int, b: int) -> int:
    """Divide integers, rounding up."""
    return -(-a // b)
