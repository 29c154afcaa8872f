"""Numbers and durations that the user gives, and their limits."""

import re

from smapstop.errors import SmapstopError

INTERVAL_LIMITS = (0.05, 3600.0)
"""Minimum and maximum time between samples, seconds."""
BUDGET_LIMITS = (0.01, 100.0)
"""Minimum and maximum CPU budget of sampling, percent of one CPU."""

SPLIT_LIMITS = (15, 85)
"""Minimum and maximum share of the inspector beside or below the table, percent."""


def parse_number(text: str, option: str, least: float, most: float, unit: str) -> float:
    """Parse a number within limits.

    Raises:
        SmapstopError: It is not a number, or outside the limits.
    """
    try:
        number = float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise SmapstopError(f"{option} {text}", f"give {unit} from {least:.15g} to {most:.15g}")
    return number


_SECONDS = {"h": 3_600, "m": 60, "s": 1, "ms": 0.001, "d": 86_400}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(ms|[dhms]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
DURATION_HINT = "give a duration: 30s, 10m, 1h30m"


def parse_duration(text: str) -> float:
    """Parse a duration, "30s", "1h30m" or "500ms"; return seconds.

    Raises:
        SmapstopError: It is none.
    """
    if not _DURATION.fullmatch(text):
        raise SmapstopError(f"{text!r} is not a duration", DURATION_HINT)
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
