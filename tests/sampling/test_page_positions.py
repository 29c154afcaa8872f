"""Where pages were, which decides what is told to be unmapped."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stepped_program import SteppedProgram

from smapstop.model.events import Event
from smapstop.model.protocol import Pace
from smapstop.proc.pages.pagemap import read_page_runs
from smapstop.proc.process import ProcDir
from smapstop.sampling import page_positions
from smapstop.sampling.sampler import Sampler

pytestmark = pytest.mark.skipif(os.sysconf("SC_PAGE_SIZE") != 4096, reason="the program counts pages of 4 kB")


class Obedient:
    """A program that does what it is told to memory, and what is said of it."""

    def __init__(self, program: SteppedProgram, process: ProcDir) -> None:
        self._program, self._sampler = program, Sampler(process, Pace(budget=1.0))
        self.tick()

    def tick(self, *commands: str) -> list[str]:
        """What is said of mappings that lost pages."""
        for command in commands:
            self._program.go(command)
            assert self._program.words[0] == "ok"
        return [told(event) for event in self._sampler.sample().events if event.what in ("unmapped", "discard")]


def told(event: Event) -> str:
    return f"{event.what}{'' if event.sure else '?'} {event.pages}"


@pytest.fixture
def obedient(program: Callable[[str], Path], tmp_path: Path) -> Iterator[Obedient]:
    with SteppedProgram(program("obedient"), tmp_path, tmp_path) as target, ProcDir(target.pid) as process:
        yield Obedient(target, process)


def test_pages_that_were_in_the_part_are_surely_unmapped(obedient: Obedient) -> None:
    assert obedient.tick("map 0 0 40 private", "put 0 34 3") == []
    assert obedient.tick("unmap 0 30 10") == ["unmapped 3"]


def test_pages_that_were_elsewhere_may_have_been_given_up(obedient: Obedient) -> None:
    assert obedient.tick("map 0 0 40 private", "put 0 4 3") == []
    assert obedient.tick("advise 0 4 3 dontneed", "unmap 0 30 10") == ["unmapped? 3"]


def test_a_hole_leaves_two_parts_that_are_known_again(obedient: Obedient) -> None:
    assert obedient.tick("map 0 0 40 private", "put 0 4 3", "put 0 34 3") == []
    assert obedient.tick("unmap 0 10 5") == []
    assert obedient.tick("advise 0 34 2 dontneed", "unmap 0 38 2") == ["unmapped? 2"]
    assert obedient.tick("unmap 0 0 6") == ["unmapped 2"]


def test_a_page_touched_since_is_known(obedient: Obedient) -> None:
    assert obedient.tick("map 0 0 40 private", "put 0 4 3") == []
    assert obedient.tick("put 0 35 1") == []
    assert obedient.tick("unmap 0 30 10") == ["unmapped 1"]


@pytest.mark.parametrize("limit", ["MAX_SCANS_PER_TICK", "MAX_MAPPING_BYTES"])
def test_beyond_the_limits_as_many_as_fit_may_have_been_unmapped(
    limit: str, obedient: Obedient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_positions, limit, 0)
    assert obedient.tick("map 0 0 40 private", "put 0 4 3") == []
    assert obedient.tick("advise 0 4 3 dontneed", "unmap 0 30 10") == ["unmapped? 3"]


def test_zero_pages_where_pages_were_are_not_surely_discarded(obedient: Obedient) -> None:
    assert obedient.tick("map 0 0 40 private", "put 0 4 8", "put 0 20 20") == []
    assert obedient.tick("advise 0 4 2 dontneed", "get 0 0 4") == ["discard 2"], "read elsewhere"
    assert obedient.tick("advise 0 7 2 dontneed", "get 0 7 1") == ["discard? 2"], "or one is of a split folio"


def test_only_mappings_that_changed_and_have_gaps_are_scanned(
    obedient: Obedient, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned: list[int] = []

    def scan(process: ProcDir, start: int, end: int) -> object:
        scanned.append(end - start)
        return read_page_runs(process, start, end)

    monkeypatch.setattr(page_positions, "read_page_runs", scan)
    obedient.tick("map 0 0 40 private", "put 0 0 40", "map 1 0 39 private", "put 1 0 38")
    assert 39 * 4096 in scanned
    assert 40 * 4096 not in scanned
    scanned.clear()
    obedient.tick()
    assert 39 * 4096 not in scanned, "others may have"
