"""Which moment of a recording is meant. Imports nothing heavy: options are made of these."""

import re
from typing import Literal, cast

from smapstop.errors import SmapstopError

When = Literal["start", "end", "peak"] | float
"""The first moment, the last one, the one with the most, or so many seconds after the start."""

_WHEN = re.compile(r"start|end|peak|[0-9]+(?:\.[0-9]+)?")


def whens_of(text: str) -> tuple[When, ...]:
    """The moment that a text means in both runs, or the two of `A,B`.

    Raises:
        SmapstopError: It means none.
    """
    words = text.split(",")
    if len(words) > 2 or not all(map(_WHEN.fullmatch, words)):
        raise SmapstopError(f"--at {text}", "give start, end, peak, or seconds after the start; A,B for two moments")
    return tuple(float(word) if word[0].isdigit() else cast("When", word) for word in words)
