"""How much may have grown from one run to the next, and whether it has."""

import re
from dataclasses import dataclass
from fractions import Fraction

from smapstop.errors import SmapstopError

_KB = {"K": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}
_LIMIT = re.compile(r"(?:(?P<name>.+)=)?(?P<number>[0-9]+(?:\.[0-9]+)?) *(?P<unit>%|[kmgt](?:i?b)?)", re.I)


@dataclass(frozen=True, slots=True)
class Limit:
    """The growth that is allowed to the total, or to one mapping."""

    text: str
    """As the user wrote it: `10%`, `5M`."""
    amount: Fraction
    """kB, or percent of what was there before."""
    relative: bool
    """Whether it is percent."""
    name: str | None = None
    """The mapping; None for the total."""

    def is_exceeded(self, before: int, after: int) -> bool:
        """Whether the growth is more than allowed; any growth is more than every share of nothing."""
        allowed = self.amount * before / 100 if self.relative else self.amount
        return after > before and after - before > allowed


def parse_limit(text: str) -> Limit:
    """The limit that a text describes: `10%`, `512k`, `5M`, or that of one mapping: `libfoo.so=5%`.

    Raises:
        SmapstopError: It describes none.
    """
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise SmapstopError(f"--fail-over {text}", "give a share or an amount: 10%, 512k, 5M, or libfoo.so=5%")
    unit = found["unit"][0].upper()
    allowed = text.rpartition("=")[2]
    return Limit(allowed, Fraction(found["number"]) * _KB.get(unit, 1), unit == "%", found["name"])
