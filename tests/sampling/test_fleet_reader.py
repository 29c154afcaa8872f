"""Processes of some names, which come and go, and their families."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from places import own_name
from stepped_program import SteppedProgram, has_ended, wait_until

from smapstop.model.family.reading import FamilyReading
from smapstop.proc.process import ProcDir
from smapstop.sampling.fleet_reader import FleetName, FleetReader

LONG_NS = 10_000_000_000


@pytest.fixture
def own(program: Callable[[str], Path], tmp_path: Path) -> Path:
    """A program with a name that no other test's has, and two children."""
    return Path(shutil.copy(program("two_children"), tmp_path / own_name("own")))


@pytest.fixture
def forked(own: Path) -> Iterator[SteppedProgram]:
    with SteppedProgram(own) as parent:
        yield parent.go()


def read(reader: FleetReader) -> FamilyReading:
    reader.scan()
    return reader.read(LONG_NS)


def reader_of(*names: str, families: bool = False) -> FleetReader:
    return FleetReader([FleetName(name) for name in names], families=families)


def test_all_processes_of_a_name_are_read_and_those_that_come_later(own: Path) -> None:
    with closing(reader_of(own.name)) as reader:
        assert len(read(reader).pids) == 0
        with SteppedProgram(own) as one, SteppedProgram(own) as other:
            reading = read(reader)
            assert set(reading.pids.tolist()) == {one.pid, other.pid}
            assert reader.process_names == dict.fromkeys((one.pid, other.pid), own.name)
            assert (reading.get("private_dirty") > 0).all()
        assert len(read(reader).pids) == 0
        assert reader.cost_ns > 0


def test_a_process_that_has_ended_and_is_not_reaped_is_none(own: Path) -> None:
    with closing(reader_of(own.name)) as reader, SteppedProgram(own) as one:
        assert read(reader).pids.tolist() == [one.pid]
        one.kill()
        wait_until(lambda: has_ended(one.pid))
        assert len(read(reader).pids) == 0


def test_the_first_name_counts(own: Path) -> None:
    with closing(reader_of("nobody-has-this", str(own.name), own.name[:15])) as reader, SteppedProgram(own) as one:
        read(reader)
        assert reader.process_names == {one.pid: own.name}


def test_a_script_is_found_by_its_name_as_soon_as_it_runs(tmp_path: Path) -> None:
    """Between fork and exec it is its parent, which is an interpreter, too: what it runs is looked up again."""
    script = tmp_path / own_name("job.py")
    script.write_text("print(flush=True)\ninput()\n")
    job = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with closing(reader_of(script.name)) as reader, job:
        wait_until(lambda: job.pid in read(reader).pids.tolist())
        assert job.stdin
        job.stdin.write(b"\n")


def test_one_pid_is_that_process_only(own: Path) -> None:
    with SteppedProgram(own) as one, SteppedProgram(own):
        with ProcDir(one.pid) as process:
            start_time = process.counters().start_time
        with closing(FleetReader([FleetName("it", (one.pid, start_time))], families=False)) as reader:
            read(reader)
            assert reader.process_names == {one.pid: "it"}
        with closing(FleetReader([FleetName("it", (one.pid, start_time - 1))], families=False)) as reader:
            assert len(read(reader).pids) == 0, "the pid was used again"


def test_families_are_read_whole_from_whichever_process(forked: SteppedProgram, own: Path) -> None:
    children = list(map(int, Path(f"/proc/{forked.pid}/task/{forked.pid}/children").read_text().split()))
    with closing(reader_of(own.name, families=True)) as reader:
        assert set(read(reader).pids.tolist()) == {forked.pid, *children}
    with ProcDir(children[0]) as process:
        start_time = process.counters().start_time
    with closing(FleetReader([FleetName("it", (children[0], start_time))], families=True)) as reader:
        read(reader)
        assert reader.process_names == dict.fromkeys((forked.pid, *children), "it")


def test_smapstop_itself_and_its_parents_have_no_name() -> None:
    name = Path(f"/proc/{os.getpid()}/comm").read_text().strip()
    with closing(reader_of(name)) as reader:
        assert os.getpid() not in read(reader).pids.tolist()
        assert os.getppid() not in reader.process_names


def test_start_times_are_those_of_the_wall_clock(own: Path) -> None:
    before = time.time()
    with SteppedProgram(own) as one, ProcDir(one.pid) as process, closing(reader_of(own.name)) as reader:
        assert before - 0.1 <= reader.started_s(process.counters().start_time) <= time.time() + 0.1
