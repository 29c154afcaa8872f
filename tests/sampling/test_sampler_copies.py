"""Copies after a fork, while the process is busy elsewhere: with the page faults of each mapping."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from stepped_program import SteppedProgram

from smapstop.model.protocol import Pace
from smapstop.proc.process import ProcDir
from smapstop.proc.read_buffer import ReadBuffer
from smapstop.sampling.sampler import Sampler


class GoingOnMeanwhile(ProcDir):
    """A process that takes its next step after its counters were read, and before its mappings are."""

    program: SteppedProgram | None = None

    def read_smaps_into(self, buffer: ReadBuffer) -> memoryview:
        if self.program is not None:
            self.program.go()
        return super().read_smaps_into(buffer)


def test_what_is_copied_just_before_the_mappings_are_read_took_faults_as_well(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("fork")) as stepping, GoingOnMeanwhile(stepping.pid) as process:
        sampler = Sampler(process, Pace(budget=1.0))
        stepping.go()
        first = sampler.sample()
        row = np.searchsorted(first.rows.start, np.uint64(stepping.address), "right") - 1
        process.program = stepping
        events = sampler.sample().events.of_mapping(int(first.ids[row]))

        assert stepping.words[0] == "parent-wrote"
        assert [(event.what, event.pages, event.sure) for event in events] == [("copy-on-write-after-fork", 9, False)]


def test_what_a_child_lets_go_was_not_copied_by_its_busy_parent(program: Callable[[str], Path]) -> None:
    with (
        SteppedProgram(program("ends_while_busy")) as stepping,
        ProcDir(stepping.pid) as process,
        closing(Sampler(process, Pace(budget=1.0), callers=True)) as sampler,
    ):
        if sampler.faults is None:
            pytest.skip(sampler.missing_callers)
        first, constant = sampler.sample(), stepping.address
        written = stepping.go().address
        events = sampler.sample().events

        def reported(address: int) -> list[tuple[str, int]]:
            row = np.searchsorted(first.rows.start, np.uint64(address), "right") - 1
            return [(event.what, event.pages) for event in events.of_mapping(int(first.ids[row]))]

        assert reported(written) == [("copy-on-write-after-fork", 60)]
        assert reported(constant) == [("sole-owner", 60)]
