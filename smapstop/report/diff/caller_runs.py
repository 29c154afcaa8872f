"""Inputs of `smapstop diff --by function`: the page faults in a recording, or in a range of it."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.page_faults import PageFaults
from smapstop.recording.reader import Recording
from smapstop.report.diff.moment_spec import MomentSpec, TimeRange
from smapstop.report.faults.fault_report import FaultCollector


@dataclass(frozen=True, slots=True, eq=False)
class CallerRun:
    """Page faults of a recorded process in a range of time."""

    file: str
    pid: int
    name: str
    """The comm of the process."""
    begin: float
    """Start of the range, seconds after the first tick."""
    end: float
    faults: PageFaults
    redaction: str
    """Redaction token of the recording, whose functions are numbers; empty if they are not redacted."""


def open_caller_run(file: str, when: MomentSpec | None, mapping: str | None = None) -> CallerRun:
    """Read the page faults in a recording.

    Args:
        file: Path.
        when: The range; up to a number of seconds if it is one; by default all.
        mapping: Only those in mappings with this name, or at this address.

    Raises:
        SmapstopError: It is no recording, has no callers, or none in that range or mapping.
    """
    span = _range_of(when)
    with closing(Recording(Path(file))) as recording:
        target, redaction = recording.target, recording.redaction_token
        collector, seconds, first_ns, begin = FaultCollector(), 0.0, None, None
        for tick in recording.ticks():
            first_ns = tick.monotonic_ns if first_ns is None else first_ns
            before, seconds = seconds, (tick.monotonic_ns - first_ns) / 1e9
            if seconds > span.end:
                seconds = before
                break
            is_within = seconds > span.begin or not span.begin  # its faults are those since the tick before
            if is_within and begin is None:
                begin = before
            collector.add(tick if is_within else replace(tick, faults=None))
    if begin is None:
        raise SmapstopError(f"{file!r} has no ticks in that range", f"its last one is at {seconds:.1f} s")
    try:
        report = collector.report()
    except SmapstopError as error:
        missing = f" ({target.missing_callers})" if target is not None and target.missing_callers else ""
        raise SmapstopError(f"{file!r} has no callers{missing}", "record it without --no-callers") from error
    if mapping is not None:
        report = report.of_mappings(mapping)
    return CallerRun(file, report.pid, report.name, begin, seconds, report.faults, redaction)


def _range_of(when: MomentSpec | None) -> TimeRange:
    """Range of a value of `--at`.

    Raises:
        SmapstopError: It is a point in time without a number.
    """
    match when:
        case None | "end":
            return TimeRange()
        case TimeRange():
            return when
        case float():
            return TimeRange(end=when)
        case _:
            raise SmapstopError(f"--at {when}: callers are compared over ranges", "give seconds: --at 0..60,60..120")
