"""The name of what was copied on write, on a real process."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from stepped_program import SteppedProgram

from smapstop.model.protocol import Pace
from smapstop.model.tick import Tier
from smapstop.proc.process import ProcDir
from smapstop.sampling.process_reader import ProcessReader, ProcessReading
from smapstop.sampling.sampler import Sampler


def symbols(sampler: Sampler) -> list[tuple[str, ...]]:
    """What was copied since the last sample."""
    return [event.names for event in sampler.sample().events if event.names]


def test_the_variables_on_copied_pages_are_named(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("known_pages")) as stepping, ProcDir(stepping.pid) as process:
        sampler = Sampler(process, Pace(budget=1.0))
        assert symbols(sampler) == []
        stepping.go()
        assert symbols(sampler) == [("page1",)]
        stepping.go()
        assert symbols(sampler) == [("page2", "wide")]


def test_what_was_copied_before_we_came_is_not_told(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("known_pages")) as stepping, ProcDir(stepping.pid) as process:
        stepping.go()
        sampler = Sampler(process, Pace(budget=1.0))
        assert [symbols(sampler), symbols(sampler)] == [[], []]
        stepping.go()
        assert symbols(sampler) == [("page2", "wide")]


def test_a_page_that_is_copied_while_watching_begins_is_in_the_first_tick(
    program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_process, readings = ProcessReader.read, []

    def read_and_go_on(reader: ProcessReader, tier: Tier) -> ProcessReading:
        readings.append(read_process(reader, tier))
        if len(readings) == 1:
            stepping.go()
        return readings[-1]

    monkeypatch.setattr(ProcessReader, "read", read_and_go_on)
    with SteppedProgram(program("known_pages")) as stepping, ProcDir(stepping.pid) as process:
        sampler = Sampler(process, Pace(budget=1.0))
        first = sampler.sample()
        assert int(first.rows.amounts.sum()) == int(readings[-1].mappings.amounts.sum())
        assert len(readings) == 2, "read again, since page1 was copied in between"
        assert not len(sampler.sample().events), "page1 is no news"
        stepping.go()
        assert symbols(sampler) == [("page2", "wide")]


def test_a_page_that_is_copied_while_a_tick_is_read_is_named_in_the_next(
    program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_process = ProcessReader.read

    def read_and_go_on(reader: ProcessReader, tier: Tier) -> ProcessReading:
        reading = read_process(reader, tier)
        stepping.go()
        return reading

    with (
        SteppedProgram(program("known_pages")) as stepping,
        ProcDir(stepping.pid) as process,
        closing(Sampler(process, Pace(budget=1.0), callers=True)) as sampler,
    ):
        if sampler.faults is None:
            pytest.skip(sampler.missing_callers)
        assert symbols(sampler) == []
        stepping.go()
        with monkeypatch.context() as patch:
            patch.setattr(ProcessReader, "read", read_and_go_on)
            assert symbols(sampler) == [("page1",)]
        assert symbols(sampler) == [("page2", "wide")]
