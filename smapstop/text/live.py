"""Text of how often a process is sampled, and when the next sample or reading of its mappings comes."""

from smapstop.model.tick import Tick
from smapstop.model.view.view import View
from smapstop.text import format as fmt

_LONG_NS = 1_000_000_000
"""Readings that take at least this long are announced in the header, ns."""


def live_text(view: View, overdue_seconds: int) -> str:
    """How often the process is sampled, or since when there was no sample.

    Args:
        view: View of the newest tick of a process that is watched.
        overdue_seconds: Seconds since its last tick; 0 if the next one is not overdue.
    """
    tick = view.snapshot.tick
    left_s = _seconds_until_due(tick) - overdue_seconds
    if left_s > 0:
        since = f"○ no sample for {fmt.duration(overdue_seconds)}" if overdue_seconds else "● live"
        return f"{since}, next in about {fmt.duration(left_s)} (budget)"
    if overdue_seconds:
        return f"○ no sample for {fmt.duration(overdue_seconds)}"
    live = f"● live {fmt.span(tick.interval_ns)}"
    reading, every_ns = view.snapshot.reading_tick, fmt.calm_interval(tick.smaps_interval_ns)
    about = fmt.ABOUT if every_ns != tick.smaps_interval_ns else ""
    if reading.read_ns >= _LONG_NS:
        left = max(0, reading.monotonic_ns + every_ns - tick.monotonic_ns)
        between = f", {fmt.ABOUT} until then" if view.growth else ""
        return f"{live}, mappings again in {about}{fmt.span(left)}, for {fmt.span(reading.read_ns)}{between}"
    if tick.smaps_interval_ns <= tick.interval_ns:
        return live
    between = f", {fmt.ABOUT} between" if view.growth else ""
    return f"{live}, mappings every {about}{fmt.span(every_ns)} (budget){between}"


def _seconds_until_due(tick: Tick) -> float:
    """Time from the end of a tick to the next one; 0 if that is not known, or if the budget does not delay it."""
    if tick.due_ns is None or tick.due_ns - tick.monotonic_ns < 2 * tick.interval_ns + tick.read_ns:
        return 0
    return (tick.due_ns - tick.monotonic_ns - tick.read_ns) / 1e9
