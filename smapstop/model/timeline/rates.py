"""Rates between two ticks."""

from smapstop.model.tick import Tick

STALE_INTERVALS = 5
"""There is no rate over a gap of more intervals than this (a suspend, a hole in a recording)."""


def rate_seconds(before: Tick, after: Tick) -> float | None:
    """Seconds between two ticks, the divisor of rates; None when there is no rate.

    That is when they are the same tick, or so far apart (see `STALE_INTERVALS`) that a rate would be misleading.
    """
    ticks = after.number - before.number
    seconds = (after.monotonic_ns - before.monotonic_ns) / 1e9
    if ticks <= 0 or seconds <= 0 or seconds > ticks * STALE_INTERVALS * after.interval_ns / 1e9:
        return None
    return seconds


def total_faults(tick: Tick) -> int | None:
    """Page faults of the process since it began; None if that is not known."""
    minor, major = tick.counters.minor_faults, tick.counters.major_faults
    return None if minor is None or major is None else minor + major


def fault_rates(before: Tick, after: Tick) -> tuple[float, float] | None:
    """Minor and major faults per second of the whole process; None if unknown, or if one decreased (an exec)."""
    seconds = rate_seconds(before, after)
    minor = _increase(before.counters.minor_faults, after.counters.minor_faults)
    major = _increase(before.counters.major_faults, after.counters.major_faults)
    return None if seconds is None or minor is None or major is None else (minor / seconds, major / seconds)


def cpu_share(before: Tick, after: Tick, ticks_per_second: int) -> float | None:
    """CPU time of the process per wall time, 1.0 for one busy core; None as for `fault_rates`."""
    seconds = rate_seconds(before, after)
    ticks = _increase(_cpu_ticks(before), _cpu_ticks(after))
    return None if seconds is None or ticks is None else ticks / ticks_per_second / seconds


def _cpu_ticks(tick: Tick) -> int | None:
    """CPU time of the process, clock ticks; None if unknown."""
    user, system = tick.counters.user_ticks, tick.counters.system_ticks
    return None if user is None or system is None else user + system


def _increase(before: int | None, after: int | None) -> int | None:
    """Increase of a counter; None if it is unknown or decreased."""
    return None if before is None or after is None or after < before else after - before
