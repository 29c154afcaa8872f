"""What `smapstop diff` compares: the map of a process at a moment, from a recording or from what was saved of it."""

import errno
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from smapstop.errors import SmapstopError
from smapstop.model.tick import Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.timestamps import format_utc
from smapstop.proc.columns import Mappings
from smapstop.recording.reader import FILE_HEADER_BYTES, Recording, is_recording
from smapstop.report.diff.moment_spec import MomentSpec
from smapstop.report.snapshot.parse_json import parse_snapshot_json
from smapstop.report.snapshot.snapshot import parse_saved_smaps

_REMEDY = "smapstop record and smapstop snapshot --format json write what can be compared"


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRun:
    """A run of a program at a moment. None: it is not known."""

    file: str
    mappings: Mappings
    pid: int | None = None
    name: str | None = None
    """The comm of the process."""
    taken_at: str | None = None
    """UTC, as ISO 8601 has it."""
    tick: int | None = None
    """The ordinal in a recording."""
    seconds: float | None = None
    """How long after the first tick of the recording."""
    redaction: str = ""
    """Whose numbers its files have instead of names; empty when they have their names."""


def open_run(file: str, when: MomentSpec | None, metric: str) -> ComparedRun:
    """The run in a file, whatever its name: a recording, the JSON of a snapshot, or a saved /proc/PID/smaps.

    Args:
        file: Its path; `-` is stdin, which cannot be a recording.
        when: The moment of a recording; the last one by default.
        metric: By what `peak` is the greatest.

    Raises:
        SmapstopError: It cannot be read, it is none of them, or has no such moment.
    """
    shown = "stdin" if file == "-" else repr(file)
    try:
        with _open_file(file) as stream:
            text = stream.read(FILE_HEADER_BYTES)
            if not is_recording(text):
                text += stream.read()
    except OSError as error:
        raise SmapstopError(f"cannot read {shown}: {error.strerror}", _REMEDY) from error
    if is_recording(text):
        if file == "-":
            raise SmapstopError("stdin is a recording", "name its file: SQLite cannot read a pipe")
        return _load_recording(file, "end" if when is None else when, metric)
    if when is not None:
        raise SmapstopError(
            f"{shown} is one sample", "--at is for recordings; --at 2.5, is for A alone, --at ,2.5 for B"
        )
    try:
        return _load_sample(file, text)
    except SmapstopError as error:
        raise SmapstopError(f"{shown}: {error.what}", error.remedy) from error


def _open_file(file: str) -> BinaryIO:
    """A file to be read; `-` is stdin.

    Raises:
        OSError: It cannot be read.
    """
    if file != "-":
        return Path(file).open("rb")
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    return sys.stdin.buffer


def _load_sample(file: str, text: bytes) -> ComparedRun:
    """The run in what was saved of one sample.

    Raises:
        SmapstopError: It is none.
    """
    if not text.strip():
        raise SmapstopError("it is empty", _REMEDY)
    if text.lstrip()[:1] in (b"{", b"["):
        read = parse_snapshot_json(text)
        return ComparedRun(file, read.mappings, read.pid, read.process_name, read.taken_at)
    try:
        snapshot = parse_saved_smaps(text)
    except SmapstopError as error:
        raise SmapstopError(f"no recording, no JSON and no saved smaps ({error.what})", _REMEDY) from error
    if snapshot.mappings is None:
        raise SmapstopError("only the totals of smaps_rollup", "save /proc/PID/smaps")
    return ComparedRun(file, snapshot.mappings)


def _load_recording(file: str, when: MomentSpec, metric: str) -> ComparedRun:
    """The run in a recording, at a moment.

    Raises:
        SmapstopError: It cannot be read, or has no such moment.
    """
    with closing(Recording(Path(file))) as recording:
        target, redaction = recording.target, recording.redaction_token
        moment, seconds = find_moment(recording.ticks(), when, metric, file)
    tick = moment.tick
    pid = None if target is None else target.pid
    return ComparedRun(
        file, moment.mappings, pid, tick.counters.name, format_utc(tick.wall_ns), tick.number, seconds, redaction
    )


def find_moment(ticks: Iterable[Tick], when: MomentSpec, metric: str, file: str) -> tuple[MapSnapshot, float]:
    """The moment that is meant, of those at which the mappings were read.

    Args:
        ticks: All of the recording in `file`.
        when: Of a number of seconds, the last moment until then.
        metric: By what `peak` is the greatest; of several the first.

    Returns:
        The moment, and how many seconds after the first tick it was.

    Raises:
        SmapstopError: There is no such moment.
    """
    moments = _snapshots(ticks)
    match when:
        case "start":
            found = next(moments, None)
        case "end":
            found = next(iter(deque(moments, maxlen=1)), None)
        case "peak":
            found = max(moments, key=lambda pair: pair[0].tick.totals.get(metric, -1), default=None)
        case seconds:
            found = _last_until(seconds, moments, file)
    if found is None:
        raise SmapstopError(f"{file!r} has no mappings to compare", "smapstop replay shows what it has")
    return found


def _last_until(
    seconds: float, moments: Iterable[tuple[MapSnapshot, float]], file: str
) -> tuple[MapSnapshot, float] | None:
    """The last of the moments until then.

    Raises:
        SmapstopError: The recording ends long before.
    """
    found = None
    for pair in moments:
        if pair[1] > seconds:
            return found
        found = pair
    if found and seconds > found[1] + found[0].tick.smaps_interval_ns / 1e9:
        raise SmapstopError(f"--at {seconds:g}: {file!r} ends before", f"its last moment is at {found[1]:.1f} s")
    return found


def _snapshots(ticks: Iterable[Tick]) -> Iterator[tuple[MapSnapshot, float]]:
    """The moments at which the mappings were read, and how many seconds after the first tick each was."""
    moment, began_ns = None, None
    for tick in ticks:
        moment = apply_tick(moment, tick)
        began_ns = tick.monotonic_ns if began_ns is None else began_ns
        if moment.reading_tick is tick and len(moment.mappings):
            yield moment, (tick.monotonic_ns - began_ns) / 1e9
