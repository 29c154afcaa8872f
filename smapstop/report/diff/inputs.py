"""Inputs of `smapstop diff`: the memory map of a process, from a recording or a saved snapshot."""

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

_REMEDY = "use a file from smapstop record or smapstop snapshot --format json, or a saved smaps"


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRun:
    """A run at one point in time. None means unknown."""

    file: str
    mappings: Mappings
    pid: int | None = None
    name: str | None = None
    """The comm of the process."""
    taken_at: str | None = None
    """Time in UTC, ISO 8601."""
    tick: int | None = None
    """Tick number in a recording."""
    seconds: float | None = None
    """Seconds since the first tick of the recording."""
    redaction: str = ""
    """Redaction token of the recording, whose file names are numbers; empty if they are not redacted."""


def open_run(file: str, when: MomentSpec | None, metric: str) -> ComparedRun:
    """Open a run, of a type detected by content: a recording, the JSON of a snapshot, or a saved /proc/PID/smaps.

    Args:
        file: Path; `-` is stdin, which cannot be a recording.
        when: Point in time of a recording; the end by default.
        metric: Field whose total is largest at `peak`.

    Raises:
        SmapstopError: It cannot be read, has an unknown format, or has no such point in time.
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
            raise SmapstopError("stdin is a recording", "give its file name: SQLite cannot read a pipe")
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
    """Open a file for reading; `-` is stdin.

    Raises:
        OSError: It cannot be read.
    """
    if file != "-":
        return Path(file).open("rb")
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    return sys.stdin.buffer


def _load_sample(file: str, text: bytes) -> ComparedRun:
    """Load a run from one saved sample.

    Raises:
        SmapstopError: The text is not a sample.
    """
    if not text.strip():
        raise SmapstopError("it is empty", _REMEDY)
    if text.lstrip()[:1] in (b"{", b"["):
        saved = parse_snapshot_json(text)
        return ComparedRun(file, saved.mappings, saved.pid, saved.process_name, saved.taken_at)
    try:
        snapshot = parse_saved_smaps(text)
    except SmapstopError as error:
        raise SmapstopError(f"not a recording, JSON or saved smaps ({error.what})", _REMEDY) from error
    if snapshot.mappings is None:
        raise SmapstopError("only the totals of smaps_rollup", "save /proc/PID/smaps")
    return ComparedRun(file, snapshot.mappings)


def _load_recording(file: str, when: MomentSpec, metric: str) -> ComparedRun:
    """Load the run in a recording, at a point in time.

    Raises:
        SmapstopError: It cannot be read, or has no such point in time.
    """
    with closing(Recording(Path(file))) as recording:
        target, redaction = recording.target, recording.redaction_token
        snapshot, seconds = find_moment(recording.ticks(), when, metric, file)
    tick = snapshot.tick
    pid = None if target is None else target.pid
    return ComparedRun(
        file, snapshot.mappings, pid, tick.counters.name, format_utc(tick.wall_ns), tick.number, seconds, redaction
    )


def find_moment(ticks: Iterable[Tick], when: MomentSpec, metric: str, file: str) -> tuple[MapSnapshot, float]:
    """Find the snapshot at a point in time, among the ticks at which mappings were read.

    Args:
        ticks: All ticks of the recording in `file`.
        when: Point in time; for a number of seconds the last snapshot up to then.
        metric: Field whose total is largest at `peak`; the first one, if several are equal.

    Returns:
        The snapshot, and its time in seconds after the first tick.

    Raises:
        SmapstopError: There is no such snapshot.
    """
    snapshots = _snapshots(ticks)
    match when:
        case "start":
            found = next(snapshots, None)
        case "end":
            found = next(iter(deque(snapshots, maxlen=1)), None)
        case "peak":
            found = max(snapshots, key=lambda pair: pair[0].tick.totals.get(metric, -1), default=None)
        case seconds:
            found = _last_until(seconds, snapshots, file)
    if found is None:
        raise SmapstopError(f"{file!r} has no mappings to compare", "smapstop replay shows what it has")
    return found


def _last_until(
    seconds: float, snapshots: Iterable[tuple[MapSnapshot, float]], file: str
) -> tuple[MapSnapshot, float] | None:
    """Find the last snapshot up to then.

    Raises:
        SmapstopError: The recording ends more than one reading interval earlier.
    """
    found = None
    for pair in snapshots:
        if pair[1] > seconds:
            return found
        found = pair
    if found and seconds > found[1] + found[0].tick.smaps_interval_ns / 1e9:
        raise SmapstopError(f"--at {seconds:g}: {file!r} ends earlier", f"its last sample is at {found[1]:.1f} s")
    return found


def _snapshots(ticks: Iterable[Tick]) -> Iterator[tuple[MapSnapshot, float]]:
    """Snapshots at which the mappings were read, each with its time in seconds after the first tick."""
    snapshot, first_ns = None, None
    for tick in ticks:
        snapshot = apply_tick(snapshot, tick)
        first_ns = tick.monotonic_ns if first_ns is None else first_ns
        if snapshot.reading_tick is tick and len(snapshot.mappings):
            yield snapshot, (tick.monotonic_ns - first_ns) / 1e9
