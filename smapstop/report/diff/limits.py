"""Limits on growth from one run to the next (`--fail-over`)."""

import re
from fractions import Fraction

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass

_KB = {"K": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}
_LIMIT = re.compile(r"(?:(?P<name>.+)=)?(?P<number>[0-9]+(?:\.[0-9]+)?) *(?P<unit>%|[kmgt](?:i?b)?)", re.I)


@dataclass(frozen=True, slots=True)
class Limit:
    """Allowed growth of the total, or of one mapping."""

    text: str
    """Amount as the user wrote it: `10%`, `5M`."""
    amount: Fraction
    """kB, or percent of the amount before."""
    relative: bool
    """Whether `amount` is in percent."""
    name: str | None = None
    """Name of the mapping; None for the total."""

    def is_exceeded(self, before: int, after: int) -> bool:
        """Whether the growth exceeds the limit; growth from 0 exceeds every percentage."""
        allowed = self.amount * before / 100 if self.relative else self.amount
        return after > before and after - before > allowed


def parse_limit(text: str) -> Limit:
    """Parse a limit: `10%`, `512k`, `5M`, or for one mapping `libfoo.so=5%`.

    Raises:
        SmapstopError: The text is not a limit.
    """
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise SmapstopError(f"--fail-over {text}", "give a percentage or an amount: 10%, 512k, 5M, or libfoo.so=5%")
    unit = match["unit"][0].upper()
    allowed = text.rpartition("=")[2]
    return Limit(allowed, Fraction(match["number"]) * _KB.get(unit, 1), unit == "%", match["name"])
