"""Marks: moments that the user marked, and requests about them."""

from smapstop.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that the user marked; a request to record it, and the message of a recording that has it."""

    letter: str
    """Empty for the mark without a letter."""
    tick: int
    mapping: int | None = None
    """The mapping under the user's cursor; None for none."""


@dataclass(frozen=True, slots=True)
class Unmark:
    """Remove the mark of a letter from what records it."""

    letter: str
    """Empty for the mark without a letter."""
