"""Request to remove a mark."""

from smapstop.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Unmark:
    """Remove the mark of a letter from what records it."""

    letter: str
    """Empty for the mark without a letter."""
