"""The name of what was copied on write, on a real process."""

from collections.abc import Callable
from pathlib import Path

from stepped_program import SteppedProgram

from smapstop.model.protocol import Pace
from smapstop.proc.process import ProcDir
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
