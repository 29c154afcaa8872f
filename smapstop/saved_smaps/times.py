"""Times of the readings of a process: dates in the text, in the names of files, their times, or a regular spacing."""

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.saved_smaps.dates import Date

SECOND_NS = 1_000_000_000
_DAY_NS = 86_400 * SECOND_NS
_COPY_NS = SECOND_NS // 20
"""Files whose times are closer than this were copied, not saved one after the other."""


@dataclass(frozen=True, slots=True)
class ReadingTime:
    """What is known of the time of a reading."""

    file: str
    """Its file, as shown."""
    line: int
    date: Date | None
    modified_ns: int
    """Time of the file, ns since the epoch."""
    is_alone: bool
    """Whether it is the only reading of its file."""

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"{self.file}: line {self.line}"


def find_times(readings: Sequence[ReadingTime], interval_ns: int | None) -> tuple[list[int], list[str]]:
    """Find the time of each reading, ns since the epoch, rising; and what the user should know of them.

    Args:
        readings: The readings, in order.
        interval_ns: Time between two readings, if the user gave one.

    Raises:
        SmapstopError: A time is before the one of the reading before, or some readings have no date.
    """
    if interval_ns is not None:
        return _regular_times(readings, interval_ns), []
    dated = [reading.date is not None for reading in readings]
    if not any(dated) and not (all(reading.is_alone for reading in readings) and _are_apart(readings)):
        note = "no times: 1 s between readings is assumed; --interval SECONDS says otherwise"
        return _regular_times(readings, SECOND_NS), [note] if len(readings) > 1 else []
    notes = []
    for reading in readings:
        if reading.date is None and not reading.is_alone:
            raise SmapstopError(f"{reading.place}: no date before this reading, and others have one", _INTERVAL)
    unknown = sorted({reading.date.zone for reading in readings if reading.date and reading.date.zone})
    if unknown:
        notes.append(f"unknown time zone {', '.join(unknown)}: taken as UTC")
    times = _known_times(readings)
    for (reading, later), (time, after) in zip(pairwise(readings), pairwise(times), strict=True):
        if after < time:
            previous = f"{reading.place}, {_time_text(time)}"
            what = f"{later.place}: {_time_text(after)} is before the reading before it ({previous})"
            raise SmapstopError(what, "give them in order of time, or --interval SECONDS")
    spread = _spread(times)
    if spread != times:
        notes.append("several readings at the same time: spread evenly until the next one")
    return spread, notes


_INTERVAL = "give --interval SECONDS"


def _are_apart(readings: Sequence[ReadingTime]) -> bool:
    """Whether the times of files show when they were saved."""
    times = [reading.modified_ns for reading in readings]
    return len(times) == 1 or max(times) - min(times) >= _COPY_NS * len(times)


def _regular_times(readings: Sequence[ReadingTime], interval_ns: int) -> list[int]:
    """Times at a regular spacing: from the first date, or up to the time of the last file."""
    first = readings[0]
    if first.date is not None and first.date.has_day:
        begin = _complete(first.date, first.modified_ns)
    else:
        begin = readings[-1].modified_ns - interval_ns * (len(readings) - 1)
    return [begin + interval_ns * at for at in range(len(readings))]


def _known_times(readings: Sequence[ReadingTime]) -> list[int]:
    """Times by date, or of the file; a time of day is of the day of the file, and goes on over midnight."""
    times: list[int] = []
    days = 0
    for reading in readings:
        date = reading.date
        time = reading.modified_ns if date is None else _complete(date, reading.modified_ns)
        if date is not None and not date.has_day:
            time += days * _DAY_NS
            if times and time < times[-1] - _DAY_NS // 2:
                days += 1
                time += _DAY_NS
        times.append(time)
    late = max(0, times[-1] - readings[-1].modified_ns) if days else 0
    return [time - -(-late // _DAY_NS) * _DAY_NS for time in times]


def _complete(date: Date, modified_ns: int) -> int:
    """Add the year, and the day, of the time of the file to a date without them."""
    if date.has_year:
        return date.wall_ns
    then = datetime.fromtimestamp(date.wall_ns // SECOND_NS, UTC).astimezone()
    saved = datetime.fromtimestamp(modified_ns // SECOND_NS, UTC).astimezone()
    if not date.has_day:
        when = saved.replace(hour=then.hour, minute=then.minute, second=then.second, microsecond=0)
        return round(when.timestamp()) * SECOND_NS + date.wall_ns % SECOND_NS
    year = saved.year
    for year in (saved.year, saved.year - 1, *range(saved.year - 2, saved.year - 9, -1)):
        try:
            when = then.replace(year=year, tzinfo=None).astimezone()
        except ValueError:  # 29 February
            continue
        if when <= saved + timedelta(days=1):
            break
    return round(when.timestamp()) * SECOND_NS + date.wall_ns % SECOND_NS


def _spread(times: Sequence[int]) -> list[int]:
    """Spread readings at the same time over the time until the next one, a second at most."""
    runs = [(time, len(list(same))) for time, same in groupby(times)]
    ends = [min(time - begin, SECOND_NS) for (begin, _), (time, _) in pairwise(runs)] + [SECOND_NS]
    return [time + end * at // count for (time, count), end in zip(runs, ends, strict=True) for at in range(count)]


def _time_text(time_ns: int) -> str:
    """Format a time for messages."""
    return f"{datetime.fromtimestamp(time_ns // SECOND_NS, UTC):%Y-%m-%d %H:%M:%S} UTC"


def name_of_process(path: str) -> str:
    """Name of a process (comm) from the path of its executable: at most 15 bytes."""
    return os.fsdecode(os.fsencode(re.sub(r" \(deleted\)$", "", path).rpartition("/")[2])[:15])
