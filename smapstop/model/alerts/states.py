"""State of alerts, from tick to tick: when each is raised and cleared."""

from collections.abc import Sequence
from dataclasses import replace

from smapstop.lazy_dataclass import dataclass
from smapstop.model.alerts.expression import Alert
from smapstop.model.alerts.ticks import AlertTicks
from smapstop.model.alerts.values import values_at
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.family.reading import FamilyReading
from smapstop.model.tick import Tick
from smapstop.model.timeline.rates import rate_seconds
from smapstop.model.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class AlertState:
    """State of an alert after a tick."""

    begun: int = 0
    """Tick since which growth counts towards it: the first, or the one at which it was last cleared."""
    held_since: int | None = None
    """Tick since which its terms hold; None while they do not."""
    raised: int | None = None
    """Tick at which it was raised; None while it is not."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """Ticks that it refers to."""
        return tuple(number for number in (self.begun, self.held_since, self.raised) if number is not None)


def advance(
    alert: Alert, state: AlertState, before: Tick, tick: Tick, values: Sequence[float | None], held_ns: int
) -> AlertState:
    """State after the next tick.

    A value that is unknown changes nothing: it neither raises nor clears.

    Args:
        alert: The alert.
        state: Its state after `before`.
        before: The tick before; the same one if there is none.
        tick: The tick.
        values: Values of its terms, see `values_at`.
        held_ns: Start of the tick since which its terms hold, monotonic clock, ns; ignored while they do not.
    """
    known = [(term, value) for term, value in zip(alert.terms, values, strict=True) if value is not None]
    if state.raised is not None:
        is_clear = any(term.is_cleared_by(value) for term, value in known)
        return AlertState(begun=tick.number) if is_clear else state
    if not all(term.holds(value) for term, value in known):
        return replace(state, held_since=None)
    if len(known) < len(alert.terms):
        return state
    has_gap = tick.number != before.number and rate_seconds(before, tick) is None
    if state.held_since is None or has_gap:  # what was meanwhile is not known
        state, held_ns = replace(state, held_since=tick.number), tick.monotonic_ns
    is_due = tick.monotonic_ns - held_ns >= alert.hold_ns
    return replace(state, raised=tick.number) if is_due else state


class AlertWatch:
    """States of some alerts after each tick of a timeline, and after its end after each reading of the family.

    Args:
        alerts: The alerts.
        timeline: The ticks; more may follow.
        family: The family of the process, for alerts about that; its readings are appended before later ticks are.
    """

    def __init__(self, alerts: Sequence[Alert], timeline: Timeline, family: FamilyLog | None = None) -> None:
        self.ticks, self.family = AlertTicks(timeline), family
        self.states = {alert: AlertState() for alert in alerts}
        """State of each alert after the last tick that was looked at."""
        self.raised: list[tuple[Alert, AlertState]] = []
        """Alerts with their states when they were raised, in order of time."""
        self._next = 0

    def update(self) -> list[tuple[Alert, AlertState]]:
        """Process the ticks appended since the last update; return the alerts that were raised."""
        first, already = max(self._next, self.timeline.oldest), len(self.raised)
        for number in range(first, len(self.ticks)):
            for alert in self.states:
                if number < len(self.timeline) or alert.scope != "process":
                    self._advance(alert, number)
        self._next = len(self.ticks)
        states = (*self.states.values(), *(state for _, state in self.raised[already:]))
        self.ticks.forget(self._next, {number for state in states for number in state.numbers})
        return self.raised[already:]

    def append_reading(self, reading: FamilyReading) -> None:
        """Append a reading of the family, which is in its log already: it stands for a tick after the end."""
        self.ticks.append_reading(reading)

    @property
    def timeline(self) -> Timeline:
        """Ticks of the process."""
        return self.ticks.timeline

    def _advance(self, alert: Alert, number: int) -> None:
        """Process a tick."""
        state, header = self.states[alert], self.ticks.header
        before = header(max(self.timeline.oldest, number - 1))
        since = number if state.held_since is None else max(self.timeline.oldest, state.held_since)
        values = values_at(alert, self.ticks, number, self.family)
        self.states[alert] = advance(alert, state, before, header(number), values, header(since).monotonic_ns)
        if state.raised is None and self.states[alert].raised is not None:
            self.raised.append((alert, self.states[alert]))
