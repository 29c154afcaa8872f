"""Recordings for tests of what is exported of them: of ticks that are written in the test, and of real programs."""

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from list_source import target
from stepped_program import SteppedProgram

from smapstop.export import RECORD_KINDS, RecordKind
from smapstop.export.line_writer import as_jsonl
from smapstop.export.steps import Step, steps
from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import Pace
from smapstop.model.tick import Tick
from smapstop.model.view.filter import RowFilter
from smapstop.proc.process import ProcDir
from smapstop.recording.reader import Recording
from smapstop.recording.writer import Recorder
from smapstop.sampling.sampler import Sampler


def record_ticks(path: Path, *ticks: Tick, why: str = "stopped", family: Iterable[FamilyReading] = ()) -> Path:
    """Record these ticks, and readings of the family."""
    recorder = Recorder(path)
    recorder.write_target(target())
    for tick in ticks:
        recorder.write_ticks(tick)
    recorder.write_family(*family)
    recorder.close(why)
    return path


def record_program(path: Path, stepping: SteppedProgram, count: int) -> Path:
    """Record a program with a tick at each of its next steps, the first at the one where it stands."""
    with ProcDir(stepping.pid) as process:
        sampler = Sampler(process, Pace(budget=1.0))
        ticks = [sampler.sample()]
        for _ in range(count - 1):
            stepping.go()
            ticks.append(sampler.sample())
    assert {tick.tier for tick in ticks} == {"smaps"}
    return record_ticks(path, *ticks)


@contextmanager
def open_steps(
    path: Path, begin: float = 0.0, end: float = math.inf, test: RowFilter | None = None
) -> Iterator[Iterator[Step]]:
    """The steps of a recording that are exported."""
    with closing(Recording(path)) as recording:
        yield steps(recording.ticks(), path.name, begin, end, test, recording.family())


def export_jsonl(
    path: Path, *kinds: RecordKind, begin: float = 0.0, end: float = math.inf, test: RowFilter | None = None
) -> list[Any]:
    """What is exported of a recording as JSON lines, read again."""
    with open_steps(path, begin, end, test) as told:
        return [json.loads(line) for line in "".join(as_jsonl(told, kinds or RECORD_KINDS)).splitlines()]


def without_times(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without their type, and without when they were."""
    return [
        {name: value for name, value in record.items() if name not in ("type", "tick", "at", "seconds")}
        for record in records
    ]
