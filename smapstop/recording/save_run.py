"""Save the session so far as a recording, on the user's request."""

import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from smapstop.model.compare.runs import Run
from smapstop.model.family.reading import FamilyReading
from smapstop.model.marks import Mark
from smapstop.recording.redaction import REDACTED_COMM, Redaction
from smapstop.recording.writer import Recorder

_MAX_NAMES = 100
TICKS_PER_STEP = 20
"""Ticks written between two yields: some hundredths of a second."""


def save_run(
    run: Run, file: str = "", family: Sequence[FamilyReading] = (), redaction: Redaction | None = None
) -> Iterator[str]:
    """Write the known ticks of a run, at least one, to a new file.

    Args:
        run: The run.
        file: Name of the file; empty for one made of the process and the time, in the working directory.
        family: Readings of the family meanwhile.
        redaction: What is left out; None for nothing.

    Yields:
        Progress, after each `TICKS_PER_STEP`, so that the caller can do other work in between.

    Raises:
        SmapstopError: It cannot be written.
    """
    path = Path(file).expanduser() if file else _unused_path(_default_stem(run, redacted=redaction is not None))
    recorder = Recorder(path, redaction=redaction)
    why = "it was not saved to its end"
    try:
        recorder.write_target(run.target)
        ticks, marks = run.timeline.replayable_ticks(), _marks_by_time(run)
        while batch := list(islice(ticks, TICKS_PER_STEP)):
            recorder.write_ticks(*batch)
            recorder.write_marks(
                *(replace(mark, tick=tick.number) for tick in batch for mark in marks.get(tick.monotonic_ns, ()))
            )
            yield _progress(recorder)
        for first in range(0, len(family), TICKS_PER_STEP):
            recorder.write_family(*family[first : first + TICKS_PER_STEP])
            yield _progress(recorder)
        why = "the process ended" if run.timeline.ending else "it was saved while it went on"
    finally:
        recorder.close(why)


def _progress(recorder: Recorder) -> str:
    """Message about what was saved, and how to open it."""
    count = recorder.tick_count
    return f"saved, {count:,} tick{'s' * (count != 1)}: smapstop replay {recorder.path}"


def _marks_by_time(run: Run) -> dict[int, list[Mark]]:
    """Marks of a run by the time of their ticks, whose numbers change if older ticks are forgotten."""
    marks = dict[int, list[Mark]]()
    for mark in run.marks.values():
        marks.setdefault(run.timeline.header(mark.tick).monotonic_ns, []).append(mark)
    return marks


def _default_stem(run: Run, *, redacted: bool) -> str:
    """Name made of the process and the time, without its suffix."""
    stem = REDACTED_COMM if redacted else _file_stem(run)
    return f"{stem}-{run.target.pid}-{time.strftime('%H%M%S')}"


def _unused_path(stem: str) -> Path:
    """Path of a recording that does not exist: the user may save twice within a second."""
    stems = (stem, *(f"{stem}-{number}" for number in range(2, _MAX_NAMES)))
    paths = [Path(f"{each}.smaps") for each in stems]
    return next((path for path in paths if not os.path.lexists(path)), paths[-1])


def _file_stem(run: Run) -> str:
    """Turn the comm of the process, which may be any bytes, into a safe file name."""
    last = run.timeline.last
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", last.tick.counters.name if last else "").lstrip(".-")
