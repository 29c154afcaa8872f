"""A fleet elsewhere is watched through one shell, which may break."""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from places import own_name
from stepped_program import SteppedProgram, wait_until

from smapstop.errors import SmapstopError
from smapstop.model.fleet.figures import FleetFigures
from smapstop.model.protocol import Pace
from smapstop.proc.process import ProcDir
from smapstop.proc.remote.script import call
from smapstop.proc.smaps.parser import parse_rollup
from smapstop.sampling import family_reader, family_watch, remote_fleet
from smapstop.sampling.remote_fleet import RemoteFleet

FAST = Pace(50_000_000, 1.0)


@pytest.fixture
def own(program: Callable[[str], Path], tmp_path: Path) -> Path:
    """A program whose heap grows, with a name that no other test's has."""
    return Path(shutil.copy(program("heap"), tmp_path / own_name("own")))


@pytest.fixture(autouse=True)
def _listed_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_fleet, "FIRST_WAIT_NS", 10_000_000)
    monkeypatch.setattr(family_watch, "LEAST_INTERVAL_NS", 50_000_000)
    monkeypatch.setattr(family_reader, "STALE_NS", 50_000_000)


def after(fleet: RemoteFleet, holds: Callable[[FleetFigures], object]) -> FleetFigures:
    """Figures as soon as a condition holds of them."""

    def step() -> bool:
        fleet.step()
        return bool(holds(fleet.figures()))

    wait_until(step)
    return fleet.figures()


def test_processes_elsewhere_are_found_and_sampled_in_turn(own: Path) -> None:
    said, words = list[str](), [own.name, "nobody-has-this"]
    with closing(RemoteFleet("sh", words, FAST, by="kind", top=20, say=said.append)) as fleet:
        with SteppedProgram(own) as one, SteppedProgram(own) as other:
            other.go().go()
            figures = after(fleet, lambda seen: [each for each in seen.processes if each.maps and each.totals][1:])
            assert figures.names == (own.name, "nobody-has-this")
            found = {process.pid: process for process in figures.processes}
            assert found.keys() == {one.pid, other.pid}
            assert {process.slot for process in figures.processes} == {0, 1}
            assert found[other.pid].totals["uss"] - found[one.pid].totals["uss"] >= 36 * 4
            for process in figures.processes:
                assert process.maps
                assert process.maps.groups["heap"]["rss"] >= 32
                assert abs(process.started_s - time.time()) < 3600
        after(fleet, lambda seen: not seen.processes)
    assert "no process is named 'nobody-has-this' there yet" in said
    assert len(said) == len(set(said))


def test_a_connection_that_breaks_is_made_again_and_said(own: Path, tmp_path: Path) -> None:
    script, said = tmp_path / "way.sh", list[str]()
    script.write_text(f"echo $$ >{tmp_path}/pid\nexec sh\n")
    with (
        SteppedProgram(own) as program,
        closing(RemoteFleet(f"sh {script}", [str(program.pid)], FAST, by="kind", top=5, say=said.append)) as fleet,
    ):
        assert after(fleet, lambda seen: seen.processes and seen.processes[0].maps).names == (own.name,)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        after(fleet, lambda _: len(said) == 2)
        assert said[0].startswith("the connection is lost: ")
        assert said[1] == "connected again"
        program.go().go()
        after(fleet, lambda seen: (maps := seen.processes[0].maps) and maps.pages[("first-touch", True)] >= 40)


@pytest.mark.parametrize(
    ("command", "word", "message"),
    [("false", "x", "it has ended (status 1)"), ("sh", "999999999", "no process 999999999")],
)
def test_what_cannot_be_watched_is_an_error_at_once(command: str, word: str, message: str) -> None:
    with pytest.raises(SmapstopError, match=re.escape(message)):
        RemoteFleet(command, [word], FAST, by="kind", top=20)


@pytest.fixture
def parent(program: Callable[[str], Path], tmp_path: Path) -> Path:
    """A program with two children, and a name that no other test's has."""
    return Path(shutil.copy(program("two_children"), tmp_path / own_name("own")))


@pytest.mark.parametrize("place", ["ssh", "chroot", "busybox sh", "sh"])
def test_a_family_elsewhere_is_that_of_here(place: str, way: Callable[[str], str], parent: Path) -> None:
    command = way(place)
    name = parent.name[:15]
    with (
        SteppedProgram(parent) as program,
        closing(RemoteFleet(command, [str(program.go().pid)], FAST, by="kind", top=20, families=True)) as fleet,
    ):
        here = ProcDir(program.pid)
        figures = after(fleet, lambda seen: len([each for each in seen.processes if each.maps and each.totals]) == 3)
        assert figures.names == (name,)
        assert {each.process for each in figures.processes} == {name}
        head = next(each for each in figures.processes if each.pid == program.pid)
        kernels = parse_rollup(here.read_rollup())
        assert {field: head.totals[field] for field in ("rss", "private_dirty", "anonymous")} == {
            field: kernels[field] for field in ("rss", "private_dirty", "anonymous")
        }
        program.go()  # a child has ended
        after(fleet, lambda seen: len(seen.processes) == 2)
        here.close()


def test_the_shell_is_in_no_family() -> None:
    with closing(RemoteFleet("sh", [str(os.getpid())], FAST, by="kind", top=5, families=True)) as fleet:
        figures = after(fleet, lambda seen: seen.processes and seen.processes[0].totals)
        (itself,) = fleet.machine.shell.request(call("itself"))
        assert int(itself.text) not in {each.pid for each in figures.processes}
