"""Parse `--at`: points in time of a recording. Imports nothing heavy, as the command line is built from it."""

import re
from typing import Literal

from smapstop.errors import SmapstopError

MomentSpec = Literal["start", "end", "peak"] | float
"""The first sample, the last one, the one with the largest metric, or the one at some seconds after the start."""

_WHEN = re.compile(r"start|end|peak|[0-9]+(?:\.[0-9]+)?|")


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
    """Parse one point in time; None for an empty word."""
    match word:
        case "":
            return None
        case "start" | "end" | "peak":
            return word
        case _:
            return float(word)
