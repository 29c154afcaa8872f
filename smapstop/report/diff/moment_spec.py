"""Which moment of a recording is meant. Imports nothing heavy: options are made of these."""

import re
from typing import Literal

from smapstop.errors import SmapstopError

When = Literal["start", "end", "peak"] | float
"""The first moment, the last one, the one with the most, or so many seconds after the start."""

_WHEN = re.compile(r"start|end|peak|[0-9]+(?:\.[0-9]+)?|")


def whens_of(text: str) -> tuple[When | None, When | None]:
    """The moments of two runs that a text means: one for both, or `A,B`, of which one may be left out.

    Raises:
        SmapstopError: It means none.
    """
    words = text.split(",")
    if not text or len(words) > 2 or not all(map(_WHEN.fullmatch, words)):
        raise SmapstopError(f"--at {text}", "give start, end, peak, or seconds after the start; A,B for two moments")
    before, after = _when(words[0]), _when(words[-1])
    return before, after


def _when(word: str) -> When | None:
    """The moment that a word means; None for no word."""
    match word:
        case "":
            return None
        case "start" | "end" | "peak":
            return word
        case _:
            return float(word)
