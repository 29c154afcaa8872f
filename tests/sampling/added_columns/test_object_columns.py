"""Columns of what shared-memory objects hold, in the readings of real programs."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from export_helpers import record_ticks
from stepped_program import SteppedProgram

from smapstop.model.protocol import Pace
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.process import ProcDir
from smapstop.recording.reader import Recording
from smapstop.sampling.process_reader import ProcessReader
from smapstop.sampling.sampler import Sampler

Program = Callable[[str], Path]
pytestmark = pytest.mark.skipif(os.sysconf("SC_PAGE_SIZE") != 4096, reason="the programs count pages of 4 kB")


class Read:
    """A program that stands still at each step, and what the reader says of the mapping of that step."""

    def __init__(self, stepping: SteppedProgram, process: ProcDir) -> None:
        self._stepping, self._reader = stepping, ProcessReader(process)

    @property
    def mappings(self) -> Mappings:
        return self._reader.read("smaps").mappings

    def object(self) -> tuple[int | None, int | None, int | None]:
        """Rss, what the object holds, and how much it grew while smaps was read, kB; None where unknown."""
        mappings, address = self.mappings, np.uint64(self._stepping.address)
        (row,) = np.flatnonzero((mappings.start <= address) & (address < mappings.end))
        columns = (mappings.get(name) for name in ("rss", "object_allocated", "object_grown_while_read"))
        rss, held, grown = (
            None if column is None or column[row] == ABSENT else int(column[row]) for column in columns
        )
        return rss, held, grown

    def go(self) -> tuple[int | None, int | None, int | None]:
        """The same at the next step."""
        self._stepping.go()
        return self.object()


@contextmanager
def reading(program: Path, *arguments: str) -> Iterator[Read]:
    with SteppedProgram(program, *arguments) as stepping, ProcDir(stepping.pid) as process:
        yield Read(stepping, process)


def test_a_memfd_holds_what_was_written_however_much_of_it_is_mapped(program: Program) -> None:
    with reading(program("shared_object"), "memfd") as target:
        assert target.object() == (0, 0, None), "it was not known when this reading began"
        assert target.object() == (0, 0, 0)
        assert target.go() == (800, 800, 0)
        assert target.go() == (400, 800, 0), "MADV_DONTNEED frees nothing"
        assert target.go() == (656, 800, 0)
        assert target.go() == (456, 600, 0), "a hole does"


def test_a_system_v_segment(program: Program) -> None:
    with reading(program("shared_object"), "sysv") as target:
        assert target.object() == (0, 0, None)
        assert target.go() == (400, 400, 0)
        assert target.go() == (240, 400, 0)


def test_a_process_without_shared_memory_has_no_columns_until_it_maps_some(program: Program) -> None:
    with reading(program("shared_object"), "anonymous") as target:
        assert "object_allocated" not in target.mappings.fields
        rss, held, grown = target.go()
        assert (rss, grown) == (40, None)
        assert held == (40 if os.geteuid() == 0 else None), "no file descriptor leads to it"
        mappings = target.mappings
        column = mappings.get("object_allocated")
        assert column is not None
        others = [row for row in range(len(mappings)) if "/dev/zero" not in mappings.name_of(row)]
        assert set(column[others].tolist()) == {ABSENT}


def test_columns_that_appear_later_mark_no_other_row_and_are_recorded(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("shared_object"), "anonymous") as target, ProcDir(target.pid) as process:
        sampler = Sampler(process, Pace(budget=1.0))
        ticks = [sampler.sample()]
        target.go()
        ticks.append(sampler.sample())
    live, replayed = Timeline(), Timeline()
    for tick in ticks:
        live.append(tick)
    with closing(Recording(record_ticks(tmp_path / "run.smaps", *ticks))) as recording:
        for tick in recording.ticks():
            replayed.append(tick)

    for timeline in (live, replayed):
        after = timeline.at(1)
        changed = [after.mappings.name_of(row) for row in np.flatnonzero(after.last_changed == 1).tolist()]
        assert "/dev/zero (deleted)" in changed
        assert len(changed) < 5, "of the others only those that were touched"
        assert "object_allocated" in after.mappings.fields
