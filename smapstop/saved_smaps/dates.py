"""Find a date in a line of text: the usual forms of `date`, ISO 8601, RFC 5322, and seconds since 1970."""

import re
import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from smapstop.lazy_dataclass import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {
    **dict.fromkeys(("Z", "UTC", "GMT", "WET"), 0),
    "BST": 60,
    "CET": 60,
    "WEST": 60,
    "CEST": 120,
    "EET": 120,
    "EEST": 180,
    "MSK": 180,
    "JST": 540,
    "KST": 540,
    "EST": -300,
    "EDT": -240,
    "CST": -360,
    "CDT": -300,
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
}
"""Minutes east of Greenwich; this machine's own names of its zone come first."""
_CLOCK = r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?(?: ?(?P<half>[AP]M))?"
_MONTH, _DAY, _YEAR = r"(?P<month>[A-Z][a-z]{2})[a-z]*\.?", r"(?P<day>\d\d?)\.?", r"(?P<year>\d{4})"
_ZONE = r"(?P<zone>Z|[+-]\d\d:?\d\d|[A-Z]{2,5})"
_FORMS = tuple(
    re.compile(rf"(?<![\w.]){form}(?!\w)")
    for form in (
        rf"{_YEAR}[-/](?P<month>\d\d)[-/](?P<day>\d\d)[T _]{_CLOCK}(?: ?{_ZONE})?",  # ISO 8601, date --rfc-3339
        rf"{_YEAR}-?(?P<month>\d\d)-?(?P<day>\d\d)[T_-](?P<hour>\d\d)[-.]?(?P<minute>\d\d)[-.]?(?P<second>\d\d)(?P<zone>Z)?",
        rf"{_MONTH} +{_DAY} {_CLOCK}(?: {_ZONE})? {_YEAR}",  # date
        rf"{_DAY}[ -]{_MONTH}[ -]{_YEAR},? {_CLOCK}(?: {_ZONE})?",  # date -R, date in en_US
        rf"{_DAY} {_MONTH} {_CLOCK}(?: {_ZONE})? {_YEAR}",  # date in other languages
        rf"{_MONTH} +{_DAY} {_CLOCK}",  # syslog, journalctl, ts: without the year
    )
)
_EPOCH = re.compile(r"(?<![\d.:-])@?(?P<number>1\d{9}|1\d{12}|1\d{18})(?:[.,](?P<fraction>\d{1,9}))?(?![\d:-])")
_EPOCH_UNITS = {10: 1_000_000_000, 13: 1_000_000, 19: 1}
"""Nanoseconds of a unit, by the number of digits."""
_TIME_OF_DAY = re.compile(rf"(?<![\w:.-]){_CLOCK}(?![\w:])")
_ROUND_ABOUT = re.compile(
    r"[\W_]*(?:(?:time|date|timestamp|epoch|at|on|now|sample|reading|smaps|up|top)[\W_\d]*)*", re.I
)
"""What may stand around a bare number or a time of day that is meant as a date."""
_LONGEST_LINE = 200


@dataclass(frozen=True, slots=True)
class Date:
    """A date as it is written; what is not written is None."""

    wall_ns: int
    """Time since the epoch, ns, where the year and the day are known."""
    has_year: bool = True
    has_day: bool = True
    zone: str = ""
    """Name of a time zone that is not known, and was taken as UTC."""
    rest: str = ""
    """The line without it."""


def find_date(line: str) -> Date | None:
    """Find a date in a line; a time without a zone is local time."""
    if len(line) > _LONGEST_LINE or not any(map(str.isdigit, line)):
        return None
    for form in _FORMS:
        match = form.search(line)
        if match is not None and (date := _date_of(match)) is not None:
            return date
    match = _EPOCH.search(line)
    if match is not None and _is_alone(match):
        ns = int(match["number"]) * _EPOCH_UNITS[len(match["number"])]
        return Date(ns + _nanoseconds(match["fraction"]), rest=_rest(match))
    match = _TIME_OF_DAY.search(line)
    if match is not None and match["second"] and (_is_alone(match) or " up " in line[match.end() :]):
        return _date_of(match)
    return None


def find_date_in_name(name: str) -> Date | None:
    """Find a date in the name of a file: smaps-2026-11-29T20:54:36.txt, smaps.20261129-205436, smaps.1796072076."""
    for form in _FORMS[:2]:
        match = form.search(re.sub(r"(?<=[A-Za-z])[._-](?=\d)", " ", name))
        if match is not None and (date := _date_of(match)) is not None:
            return date
    match = re.search(r"(?<!\d)(?P<number>1\d{9})(?!\d)", name)
    return Date(int(match["number"]) * 1_000_000_000) if match else None


def _is_alone(match: re.Match[str]) -> bool:
    """Whether a line has little beside a match."""
    line = match.string
    return all(_ROUND_ABOUT.fullmatch(part) for part in (line[: match.start()], line[match.end() :]))


def _rest(match: re.Match[str]) -> str:
    """The line without a match."""
    return match.string[: match.start()] + match.string[match.end() :]


def _date_of(match: re.Match[str]) -> Date | None:
    """Convert a match of a form; None if there is no such date."""
    parts = match.groupdict()
    month = parts.get("month") or "1"
    hour = int(parts["hour"])
    if parts.get("half"):
        hour = hour % 12 + 12 * (parts["half"] == "PM")
    zone, unknown = _zone_of(parts.get("zone"))
    try:
        number = int(month) if month.isdigit() else _MONTHS.index(month.lower()) + 1
        year, day = int(parts.get("year") or 2000), int(parts.get("day") or 1)
        when = datetime(year, number, day, hour, int(parts["minute"]), int(parts["second"] or 0), tzinfo=zone)
        seconds = (
            round((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) if zone else round(when.timestamp())
        )
    except (ValueError, OverflowError, OSError):
        return None
    return Date(
        seconds * 1_000_000_000 + _nanoseconds(parts.get("fraction")),
        has_year=bool(parts.get("year")),
        has_day=bool(parts.get("day")),
        zone=unknown,
        rest=_rest(match),
    )


def _zone_of(zone: str | None) -> tuple[tzinfo | None, str]:
    """Time zone by name or offset, None for local time; and its name if it is not known."""
    if zone is None or zone in time.tzname:
        return (UTC if zone == "UTC" else None), ""
    if zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        east = -minutes if zone[0] == "-" else minutes
        return (timezone(timedelta(minutes=east)) if minutes < 24 * 60 else UTC), ""
    minutes_east = _ZONES.get(zone)
    return (UTC, zone) if minutes_east is None else (timezone(timedelta(minutes=minutes_east)), "")


def _nanoseconds(fraction: str | None) -> int:
    """Convert the digits after the decimal point of seconds."""
    return int((fraction or "0").ljust(9, "0"))
