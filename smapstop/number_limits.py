"""Numbers that the user gives, and their limits."""

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
        raise SmapstopError(f"{option} {text}", f"give {unit} from {least:g} to {most:g}")
    return number
