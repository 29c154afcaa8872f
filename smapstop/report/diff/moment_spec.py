"""Which moment of a recording is meant. Imports nothing heavy: options are made of these."""

import re
from typing import Literal

from smapstop.errors import SmapstopError

MomentSpec = Literal["start", "end", "peak"] | float
"""The first moment, the last one, the one with the most, or so many seconds after the start."""

_WHEN = re.compile(r"start|end|peak|[0-9]+(?:\.[0-9]+)?|")


def parse_moment_specs(text: str) -> tuple[MomentSpec | None, MomentSpec | None]:
    """The moments of two runs that a text means: one for both, or `A,B`, of which one may be left out.

    Raises:
        SmapstopError: It means none.
    """
    words = text.split(",")
    if not text or len(words) > 2 or not all(map(_WHEN.fullmatch, words)):
        raise SmapstopError(f"--at {text}", "give start, end, peak, or seconds after the start; A,B for two moments")
    before, after = _parse_moment_spec(words[0]), _parse_moment_spec(words[-1])
    return before, after


def _parse_moment_spec(word: str) -> MomentSpec | None:
    """The moment that a word means; None for no word."""
    match word:
        case "":
            return None
        case "start" | "end" | "peak":
            return word
        case _:
            return float(word)
