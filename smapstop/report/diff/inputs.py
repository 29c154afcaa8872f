"""Inputs of `smapstop diff`: the memory map of a process, from a recording or a saved snapshot."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.tick import Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.timestamps import format_utc
from smapstop.proc.columns import Mappings
from smapstop.recording.reader import FILE_HEADER_BYTES, Recording, is_recording
from smapstop.report.diff.moment_spec import MomentSpec, TimeRange
from smapstop.report.snapshot.load import load_snapshot
from smapstop.saved_smaps.files import open_input, shown_name
from smapstop.saved_smaps.unpack import MOST_BYTES

DEFAULT_METRICS = ("uss+swap", "uss", "private_dirty", "rss", "pss", "size")
"""Metrics, the best first: what only this process has does not change as others come and go."""
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
    reading: int | None = None
    """Number of the reading in a text that has several."""
    notes: tuple[str, ...] = ()
    """What is missing in a saved text, for the user."""


def open_run(file: str, when: MomentSpec | None, metric: str | None, reading: int | None = None) -> ComparedRun:
    """Open a run, of a type detected by content: a recording, the JSON of a snapshot, or a saved /proc/PID/smaps.

    Args:
        file: Path; `-` is stdin, which cannot be a recording.
        when: Point in time of a recording; the end by default.
        metric: Field, or sum, whose total is largest at `peak`; None: the default of `diff`.
        reading: Number of the reading in a text that has several, from 1.

    Raises:
        SmapstopError: It cannot be read, has an unknown format, or has no such point in time or reading.
    """
    shown = shown_name(file)
    try:
        with open_input(file) as stream:
            data = stream.read(FILE_HEADER_BYTES)
            if not is_recording(data):
                data += stream.read(MOST_BYTES)
    except OSError as error:
        raise SmapstopError(f"cannot read {shown}: {error.strerror}", _REMEDY) from error
    if is_recording(data):
        if file == "-":
            raise SmapstopError("stdin is a recording", "give its file name: SQLite cannot read a pipe")
        if reading is not None:
            raise SmapstopError(f"{shown} is a recording", "--reading is for texts; --at chooses a point in time")
        return _load_recording(file, "end" if when is None else when, metric)
    if when is not None:
        remedy = "--at is for recordings, --reading for texts; --at 2.5, is for A alone, --at ,2.5 for B"
        raise SmapstopError(f"{shown} is not a recording", remedy)
    try:
        return _load_sample(file, data, reading)
    except SmapstopError as error:
        raise SmapstopError(f"{shown}: {error.what}", error.remedy) from error


def _load_sample(file: str, data: bytes, reading: int | None) -> ComparedRun:
    """Load a run from a saved sample.

    Raises:
        SmapstopError: It is not a sample.
    """
    if not data.strip():
        raise SmapstopError("it is empty", _REMEDY)
    snapshot = load_snapshot(data, reading)
    if snapshot.mappings is None:
        raise SmapstopError("only totals, without mappings", "save /proc/PID/smaps")
    process, wall_ns = snapshot.counters, snapshot.wall_ns
    return ComparedRun(
        file,
        snapshot.mappings,
        None if process is None else process.pid,
        None if process is None else process.name,
        None if wall_ns is None else format_utc(wall_ns),
        reading=reading,
        notes=snapshot.notes,
    )


def _load_recording(file: str, when: MomentSpec, metric: str | None) -> ComparedRun:
    """Load the run in a recording, at a point in time.

    Raises:
        SmapstopError: It cannot be read, or has no such point in time.
    """
    with closing(Recording(Path(file))) as recording:
        target, redaction = recording.target, recording.redaction_token
        snapshot, seconds = find_moment(recording.ticks(), when, metric, file)
    tick = snapshot.tick
    pid = None if target is None else target.pid or None
    return ComparedRun(
        file, snapshot.mappings, pid, tick.counters.name, format_utc(tick.wall_ns), tick.number, seconds, redaction
    )


def find_moment(ticks: Iterable[Tick], when: MomentSpec, metric: str | None, file: str) -> tuple[MapSnapshot, float]:
    """Find the snapshot at a point in time, among the ticks at which mappings were read.

    Args:
        ticks: All ticks of the recording in `file`.
        when: Point in time; for a number of seconds the last snapshot up to then.
        metric: Field, or sum, whose total is largest at `peak`; the first one, if several are equal.

    Returns:
        The snapshot, and its time in seconds after the first tick.

    Raises:
        SmapstopError: There is no such snapshot, or a range is given.
    """
    snapshots = _snapshots(ticks)
    match when:
        case TimeRange():
            raise SmapstopError(
                "--at with a range compares what happened meanwhile", "add --by function, or --by stack"
            )
        case "start":
            found = next(snapshots, None)
        case "end":
            found = next(iter(deque(snapshots, maxlen=1)), None)
        case "peak":
            found = max(snapshots, key=lambda pair: _amount(pair[0].tick.totals, metric), default=None)
        case seconds:
            found = _last_until(seconds, snapshots, file)
    if found is None:
        raise SmapstopError(f"{file!r} has no mappings to compare", "smapstop replay shows what it has")
    return found


def _amount(totals: dict[str, int], metric: str | None) -> int:
    """Total of a metric, kB; -1 if it is not known."""
    for parts in map(_parts_of, DEFAULT_METRICS if metric is None else (metric,)):
        if totals.keys() >= parts:
            return sum(totals[part] for part in parts)
    return -1


def _parts_of(metric: str) -> set[str]:
    """Fields that a metric sums up."""
    return set(metric.split("+"))


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
