"""Parse `--at`: points in time of a recording, and ranges. Imports nothing heavy, for the command line's parser."""

import math
import re
from typing import Literal, NamedTuple

from smapstop.errors import SmapstopError


class TimeRange(NamedTuple):
    """A range of time in a recording, seconds after its start."""

    begin: float = 0.0
    end: float = math.inf


MomentSpec = Literal["start", "end", "peak"] | float | TimeRange
"""The first sample, the last one, the one with the largest metric, or the one at some seconds after the start; or a
range, for what happened meanwhile."""

_SECONDS = r"[0-9]+(?:\.[0-9]+)?"
_WHEN = re.compile(rf"start|end|peak|{_SECONDS}|(?:{_SECONDS})?\.\.(?:{_SECONDS})?|")


def parse_moment_specs(text: str) -> tuple[MomentSpec | None, MomentSpec | None]:
    """Parse the points in time of two runs: one for both, or `A,B`, either of which may be empty.

    Raises:
        SmapstopError: The text is neither.
    """
    words = text.split(",")
    if not text or len(words) > 2 or not all(map(_WHEN.fullmatch, words)):
        raise SmapstopError(f"--at {text}", "give start, end, peak, or seconds after the start; A,B for one each")
    before, after = _parse_moment_spec(words[0]), _parse_moment_spec(words[-1])
    return before, after


def _parse_moment_spec(word: str) -> MomentSpec | None:
    """Parse one point in time or range; None for an empty word.

    Raises:
        SmapstopError: It is a range that ends before it begins.
    """
    if ".." in word:
        begin, _, end = word.partition("..")
        span = TimeRange(float(begin or 0), float(end or math.inf))
        if span.begin > span.end:
            raise SmapstopError(f"--at {word}: it ends before it begins", "give the earlier time first")
        return span
    match word:
        case "":
            return None
        case "start" | "end" | "peak":
            return word
        case _:
            return float(word)
