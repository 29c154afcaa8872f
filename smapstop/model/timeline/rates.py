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


def fault_rates(before: Tick, after: Tick) -> tuple[float, float] | None:
    """Minor and major faults per second of the whole process; None if a counter decreased (another program)."""
    seconds = rate_seconds(before, after)
    minor = after.counters.minor_faults - before.counters.minor_faults
    major = after.counters.major_faults - before.counters.major_faults
    return None if seconds is None or minor < 0 or major < 0 else (minor / seconds, major / seconds)


def cpu_share(before: Tick, after: Tick, ticks_per_second: int) -> float | None:
    """CPU time of the process per wall time, 1.0 for one busy core; None as for `fault_rates`."""
    seconds = rate_seconds(before, after)
    ticks = _cpu_ticks(after) - _cpu_ticks(before)
    return None if seconds is None or ticks < 0 else ticks / ticks_per_second / seconds


def _cpu_ticks(tick: Tick) -> int:
    """CPU time of the process, clock ticks."""
    return tick.counters.user_ticks + tick.counters.system_ticks
