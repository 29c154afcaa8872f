"""Parse alerts: comparisons as those of a filter, of the process, of mappings that a filter chooses, of a family."""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from smapstop.errors import SmapstopError, unknown_name_error
from smapstop.lazy_dataclass import dataclass
from smapstop.model.totals import DERIVED_TOTALS, SUMMED_FIELDS
from smapstop.model.view.filter import COMPARISONS, UNITS_KB, parse_filter
from smapstop.proc.added_fields import HIDDEN_FIELDS
from smapstop.proc.fields import FIELD_BY_NAME, PROPERTY_FIELDS

Quantity = Literal["amount", "rate", "mappings", "faults", "limit", "processes"]
"""What is compared: kB, kB per second, a number of mappings, page faults per second, the share of the memory limit
of the control group that is used, or a number of processes."""
Scope = Literal["process", "family", "member"]
"""Of what: of the process, of its family as a sum, or of any process of its family."""

EXAMPLES = "rss>500M, uss>80%limit, rate>5M/s for 30s, kind:heap rss>100M, family pss>1G"
FIELDS_OF_SCOPE: dict[Scope, tuple[str, ...]] = {
    "family": ("pss", "uss", "swap_pss"),
    "member": ("rss", "pss", "uss", "dirty", "swap", "swap_pss"),
}
"""Amounts of families: those that can be summed up, and those of each process."""
CLEARING = 0.05
"""An alert is cleared when a value is so far on the other side of its threshold, as a share of the threshold."""
_ALIASES = {"anon": "anonymous"}
_FIELDS = (*(name for name in FIELD_BY_NAME if name not in PROPERTY_FIELDS | HIDDEN_FIELDS), *DERIVED_TOTALS)
_NAMES = ("rate", "mappings", "faults/s", "limit", "processes", *_ALIASES, *dict.fromkeys(_FIELDS))
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
        """Whether a value is clearly on the other side: values near the threshold do not raise an alert again."""
        margin = CLEARING * abs(self.threshold)
        if self.than[0] == ">":
            return not self.holds(value) and value <= self.threshold - margin
        if self.than[0] == "<":
            return not self.holds(value) and value >= self.threshold + margin
        return not self.holds(value)


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition on the memory of a process, or of its family."""

    text: str
    """As it was written."""
    terms: tuple[AlertTerm, ...]
    """Comparisons that all have to hold; at least one."""
    part: str = ""
    """Filter that chooses the mappings whose sums are compared; empty for the totals of the process. Of a family,
    words that a process has in its name or pid."""
    hold_ns: int = 0
    """How long the terms have to hold, ns."""
    scope: Scope = "process"

    @property
    def main_term(self) -> AlertTerm:
        """The term whose amount explains it: the first rate, else the first amount, else the first of all."""
        ranks = {"rate": 0, "amount": 1}
        return min(self.terms, key=lambda term: ranks.get(term.quantity, 2))

    @property
    def metric(self) -> str:
        """The total whose growth explains it."""
        return self.main_term.field or ("rss" if self.scope == "process" else "pss")


def parse_alert(text: str) -> Alert:
    """Parse an alert: terms separated by spaces, which must all hold.

    A term compares an amount (`rss>500M`, `uss>80%limit`), a rate (`rate>5M/s`, of another total `rate(uss)>5M/s`),
    or `mappings`, `faults/s`, `limit>90%`. Other words are terms of a filter, for a part of the process:
    `kind:heap rss>100M`. `for 30s` has it hold that long. With `family` it is about the sums over the process and its
    relatives (`family pss>1G`), with `member` about any one of them; other words choose some by name or pid.

    Raises:
        SmapstopError: It is invalid; the message says which word is wrong, and has an example.
    """
    words, terms, part, hold_ns = text.split(), list[AlertTerm](), list[str](), None
    scope = scope_of(words)
    at = 0
    while at < len(words):
        word, at = words[at], at + 1
        try:
            if word.lower() == "for":
                if hold_ns is not None:
                    raise SmapstopError("'for' stands there twice", "rate>5M/s for 30s")
                hold_ns, at = _parse_duration(words[at] if at < len(words) else ""), at + 1
            elif (match := _WORD.fullmatch(word)) is not None:
                terms.append(_parse_term(word, match, scope))
            elif word.lower() != scope:
                part.append(_check_part(word, scope))
        except SmapstopError as error:
            raise SmapstopError(f"alert {text!r}, word {at}: {error.what}", error.remedy) from None
    if not terms:
        raise SmapstopError(f"alert {text!r} compares nothing", f"write it as {EXAMPLES}")
    wrong = next((term for term in terms if part and scope == "process" and _is_of_process(term)), None)
    if wrong is not None:
        raise SmapstopError(f"alert {text!r}: {wrong.text} is of the whole process", f"leave out {' '.join(part)}")
    return Alert(" ".join(words), tuple(terms), " ".join(part), hold_ns or 0, scope)


def scope_of(words: Sequence[str]) -> Scope:
    """What an alert with these words is about: the first of `family` and `member` says it, if there is one."""
    scopes: dict[str, Scope] = {"family": "family", "member": "member"}
    return next((scopes[word.lower()] for word in words if word.lower() in scopes), "process")


def _is_of_process(term: AlertTerm) -> bool:
    """Whether the kernel does not report this for single mappings."""
    return term.quantity in ("faults", "limit") or (term.field in DERIVED_TOTALS and term.field not in SUMMED_FIELDS)


def _check_part(word: str, scope: Scope) -> str:
    """Check a word that chooses mappings, or processes of a family."""
    if word.startswith("!") and _WORD.fullmatch(word[1:]) is not None:
        raise SmapstopError(f"{word!r} negates a comparison", "turn it round: rss<=500M")
    if scope == "process":
        parse_filter(word)
    elif word.startswith(("!", "0x")) or ":" in word or word.lower() in ("family", "member"):
        raise SmapstopError(
            f"{word!r} does not choose processes",
            "name some by words in their names, or by pids: family worker pss>1G",
        )
    return word


def _parse_duration(word: str) -> int:
    """Parse the time after `for`, ns."""
    match = _DURATION.fullmatch(word.lower())
    if match is None:
        raise SmapstopError(f"no time {word!r} after 'for'" if word else "no time after 'for'", "for 30s, 5m, 1h")
    return round(float(match["number"]) * _SECONDS[match["unit"]] * 1e9)


def _parse_term(word: str, match: re.Match[str], scope: Scope) -> AlertTerm:
    """Parse a comparison."""
    name, value = match["name"].lower(), _VALUE.fullmatch(match["value"])
    quantity, field = _quantity_of(name, scope)
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
    "processes": "family processes>50",
}


def _check_share(word: str, quantity: Quantity, *, of_limit: bool) -> None:
    """Check that a percentage is of something."""
    if quantity == "limit" and not of_limit:
        return
    if quantity in ("amount", "mappings") and of_limit:
        return
    hint = f"{word}limit" if quantity in ("amount", "mappings") else _EXAMPLES[quantity]
    raise SmapstopError(f"{word!r} is a percentage of nothing", f"write it as {hint}")


def _quantity_of(name: str, scope: Scope) -> tuple[Quantity, str]:
    """What a name stands for, and the total it is about."""
    rate = re.fullmatch(r"rate(?:\((.*)\))?", name)
    if rate is not None:
        return "rate", _field_of(rate[1] if rate[1] is not None else "rss" if scope == "process" else "pss", scope)
    quantities: dict[str, Quantity] = {
        "faults/s": "faults",
        **({"mappings": "mappings", "limit": "limit"} if scope == "process" else {}),
        **({"processes": "processes"} if scope == "family" else {}),
    }
    if name in quantities:
        return quantities[name], ""
    return "amount", _field_of(name, scope)


def _field_of(name: str, scope: Scope) -> str:
    """The total with a name."""
    field, known = _ALIASES.get(name, name), FIELDS_OF_SCOPE.get(scope, _FIELDS)
    if field not in known:
        if scope == "family" and field in FIELDS_OF_SCOPE["member"]:
            raise SmapstopError(
                f"a sum of {name} over a family counts shared pages more than once",
                "family pss>1G, or of any one process: member rss>1G",
            )
        if scope == "process" and field == "processes":
            raise SmapstopError("'processes' is about a family", "family processes>50")
        if scope != "process":
            raise SmapstopError(f"a {scope} has no {name!r}", f"{', '.join(known)}, rate, faults/s")
        raise unknown_name_error(f"no amount {name!r}", name, _NAMES, "rss, pss, uss, dirty, swap, anon, rate, …")
    return field
