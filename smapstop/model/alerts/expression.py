"""Parse alerts: comparisons as those of a filter, of the whole process or of the mappings that a filter chooses."""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from smapstop.errors import SmapstopError, unknown_name_error
from smapstop.model.totals import DERIVED_TOTALS, SUMMED_FIELDS
from smapstop.model.view.filter import COMPARISONS, UNITS_KB, parse_filter
from smapstop.proc.added_fields import HIDDEN_FIELDS
from smapstop.proc.fields import FIELD_BY_NAME, PROPERTY_FIELDS

Quantity = Literal["amount", "rate", "mappings", "faults", "limit"]
"""What is compared: kB, kB per second, a number of mappings, page faults per second, or the share of the memory limit
of the control group that is used."""

EXAMPLES = "rss>500M, uss>80%limit, rate>5M/s for 30s, kind:heap rss>100M"
CLEARING = 0.05
"""An alert is cleared when a value is so far on the other side of its threshold, as a share of the threshold."""
_ALIASES = {"anon": "anonymous"}
_FIELDS = (*(name for name in FIELD_BY_NAME if name not in PROPERTY_FIELDS | HIDDEN_FIELDS), *DERIVED_TOTALS)
_NAMES = ("rate", "mappings", "faults/s", "limit", *_ALIASES, *dict.fromkeys(_FIELDS))
_WORD = re.compile(r"(?P<name>[a-z_]+(?:/s|\([a-z_]*\))?)(?P<than>>=|<=|!=|>|<|=)(?P<value>.*)", re.I)
_VALUE = re.compile(
    r"(?P<number>-?\d{1,15}(?:\.\d{1,9})?)(?:(?P<unit>[kmgt]?)(?:i?b)?(?P<per>/s)?|%(?P<limit>limit)?)", re.I
)
_COUNT_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_DURATION = re.compile(r"(?P<number>\d{1,9}(?:\.\d{1,3})?)(?P<unit>ms|s|m|min|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class AlertTerm:
    """One comparison of an alert."""

    text: str
    """As it was written."""
    quantity: Quantity
    field: str
    """The total whose amount or rate is compared; empty for the other quantities."""
    than: str
    """One of `COMPARISONS`."""
    threshold: float
    """In the unit of the quantity; a share if it is of a limit."""
    of_limit: bool = False
    """Whether a share of the limit is compared, not the value itself."""

    def holds(self, value: float) -> bool:
        """Whether a value, in the unit of the threshold, is on the side that the alert is about."""
        return bool(COMPARISONS[self.than](np.array([value]), self.threshold)[0])

    def is_cleared_by(self, value: float) -> bool:
        """Whether a value is clearly on the other side: values near the threshold do not raise an alert anew."""
        margin = CLEARING * abs(self.threshold)
        if self.than[0] == ">":
            return not self.holds(value) and value <= self.threshold - margin
        if self.than[0] == "<":
            return not self.holds(value) and value >= self.threshold + margin
        return not self.holds(value)


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition on the memory of a process."""

    text: str
    """As it was written."""
    terms: tuple[AlertTerm, ...]
    """Comparisons that all have to hold; at least one."""
    part: str = ""
    """Filter that chooses the mappings whose sums are compared; empty for the totals of the process."""
    hold_ns: int = 0
    """How long the terms have to hold, ns."""

    @property
    def main_term(self) -> AlertTerm:
        """The term whose amount explains it: the first rate, else the first amount, else the first of all."""
        ranks = {"rate": 0, "amount": 1}
        return min(self.terms, key=lambda term: ranks.get(term.quantity, 2))

    @property
    def metric(self) -> str:
        """The total whose growth explains it."""
        return self.main_term.field or "rss"


def parse_alert(text: str) -> Alert:
    """Parse an alert: terms separated by spaces, which must all hold.

    A term compares an amount (`rss>500M`, `uss>80%limit`), a rate (`rate>5M/s`, of another total `rate(uss)>5M/s`),
    or `mappings`, `faults/s`, `limit>90%`. Other words are terms of a filter, for a part of the process:
    `kind:heap rss>100M`. `for 30s` has it hold that long.

    Raises:
        SmapstopError: It is invalid; the message says which word is wrong, and has an example.
    """
    words, terms, part, hold_ns = text.split(), list[AlertTerm](), list[str](), None
    at = 0
    while at < len(words):
        word, at = words[at], at + 1
        try:
            if word.lower() == "for":
                if hold_ns is not None:
                    raise SmapstopError("'for' stands there twice", "rate>5M/s for 30s")
                hold_ns, at = _parse_duration(words[at] if at < len(words) else ""), at + 1
            elif (match := _WORD.fullmatch(word)) is not None:
                terms.append(_parse_term(word, match))
            else:
                part.append(_check_part(word))
        except SmapstopError as error:
            raise SmapstopError(f"alert {text!r}, word {at}: {error.what}", error.remedy) from None
    if not terms:
        raise SmapstopError(f"alert {text!r} compares nothing", f"write it as {EXAMPLES}")
    wrong = next((term for term in terms if part and _is_of_process(term)), None)
    if wrong is not None:
        raise SmapstopError(f"alert {text!r}: {wrong.text} is of the whole process", f"leave out {' '.join(part)}")
    return Alert(" ".join(words), tuple(terms), " ".join(part), hold_ns or 0)


def _is_of_process(term: AlertTerm) -> bool:
    """Whether the kernel does not tell this of single mappings."""
    return term.quantity in ("faults", "limit") or (term.field in DERIVED_TOTALS and term.field not in SUMMED_FIELDS)


def _check_part(word: str) -> str:
    """Check a word of the filter that chooses the mappings."""
    if word.startswith("!") and _WORD.fullmatch(word[1:]) is not None:
        raise SmapstopError(f"{word!r} negates a comparison", "turn it round: rss<=500M")
    if word.lower() == "family":
        raise SmapstopError("an alert is about one process, not about its family", "leave out 'family'")
    parse_filter(word)
    return word


def _parse_duration(word: str) -> int:
    """Parse the time after `for`, ns."""
    match = _DURATION.fullmatch(word.lower())
    if match is None:
        raise SmapstopError(f"no time {word!r} after 'for'" if word else "no time after 'for'", "for 30s, 5m, 1h")
    return round(float(match["number"]) * _SECONDS[match["unit"]] * 1e9)


def _parse_term(word: str, match: re.Match[str]) -> AlertTerm:
    """Parse a comparison."""
    name, value = match["name"].lower(), _VALUE.fullmatch(match["value"])
    quantity, field = _quantity_of(name)
    if value is None:
        raise SmapstopError(f"invalid amount in {word!r}", f"write it as {_EXAMPLES[quantity]}")
    number, is_share = float(value["number"]), value["unit"] is None
    if is_share:
        _check_share(word, quantity, of_limit=value["limit"] is not None)
        return AlertTerm(word, quantity, field, match["than"], number / 100, quantity != "limit")
    if quantity == "limit" or (value["per"] and quantity not in ("rate", "faults")):
        raise SmapstopError(f"wrong unit in {word!r}", f"write it as {_EXAMPLES[quantity]}")
    units = UNITS_KB if quantity in ("amount", "rate") else _COUNT_UNITS
    return AlertTerm(word, quantity, field, match["than"], number * units[value["unit"].lower()])


_EXAMPLES: dict[Quantity, str] = {
    "amount": "rss>500M: kB, or with K, M, G, T",
    "rate": "rate>5M/s: kB, or with K, M, G, T",
    "mappings": "mappings>60000 or mappings>80%limit",
    "faults": "faults/s>1000",
    "limit": "limit>90%",
}


def _check_share(word: str, quantity: Quantity, *, of_limit: bool) -> None:
    """Check that a percentage is of something."""
    if quantity == "limit" and not of_limit:
        return
    if quantity in ("amount", "mappings") and of_limit:
        return
    hint = f"{word}limit" if quantity in ("amount", "mappings") else _EXAMPLES[quantity]
    raise SmapstopError(f"{word!r} is a percentage of nothing", f"write it as {hint}")


def _quantity_of(name: str) -> tuple[Quantity, str]:
    """What a name stands for, and the total it is about."""
    if name in ("mappings", "limit"):
        return ("mappings", "") if name == "mappings" else ("limit", "")
    if name == "faults/s":
        return "faults", ""
    if name == "rate":
        return "rate", "rss"
    if name.startswith("rate(") and name.endswith(")"):
        return "rate", _field_of(name[len("rate(") : -1])
    return "amount", _field_of(name)


def _field_of(name: str) -> str:
    """The total with a name."""
    field = _ALIASES.get(name, name)
    if field not in _FIELDS:
        raise unknown_name_error(f"no amount {name!r}", name, _NAMES, "rss, pss, uss, dirty, swap, anon, rate, …")
    return field
