"""The same stacks as perf has of the same page faults, frame by frame."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from proc.callstack.conftest import OPTIMISED
from proc.callstack.test_unwind_truth import Compile
from stepped_program import SteppedProgram

from smapstop.errors import SmapstopError
from smapstop.proc.callstack.perf_events import FaultRings
from smapstop.proc.callstack.process_code import ProcessCode
from smapstop.proc.callstack.registers import native_architecture
from smapstop.proc.callstack.unwind import Unwinder
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir

Stacks = dict[tuple[int, int], tuple[int, ...]]
"""Places of the frames of each fault in their files, as perf tells them, by thread and address."""

_NOWHERE = 2**64 - 1
"""Where perf says that a stack goes on that it has not whole."""


@contextmanager
def perf_record(
    pid: int, to: Path, event: str = "page-faults:u", stacks: tuple[str, ...] = ("--call-graph", "dwarf,8192")
) -> Iterator[None]:
    """Let perf record all faults meanwhile."""
    command, told = os.pipe(), os.pipe()
    control = f"--control=fd:{command[0]},{told[1]}"
    options = ["-e", event, "-c", "1", "-d", "-D", "-1", *stacks, control]
    if os.geteuid() == 0:  # others may not lock so much
        options += ["-m", "4M"]  # all of it has room, however late perf is on a busy machine
    perf = subprocess.Popen(
        ["perf", "record", *options, "-p", str(pid), "-o", to],
        pass_fds=(command[0], told[1]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    os.close(told[1])
    try:
        os.write(command[1], b"enable\n")
        if not os.read(told[0], 4):
            pytest.skip(f"perf does not record: {perf.communicate()[1].decode()[-300:]}")
        yield
    finally:
        perf.terminate()
        perf.communicate()
        for fd in (*command, told[0]):
            os.close(fd)


def stacks_of_perf(path: Path) -> Stacks:
    """What perf has recorded."""
    done = subprocess.run(
        ["perf", "script", "--no-inline", "-F", "tid,addr,ip", "-i", path], capture_output=True, text=True, check=True
    )
    stacks = Stacks()
    for record in re.split(r"\n\s*\n", done.stdout.strip("\n")):
        head, *frames = record.splitlines()
        tid, address = head.split()
        if places := [int(frame, 16) for frame in frames]:  # none where the stack itself grew: it was not there yet
            stacks[int(tid), int(address, 16)] = tuple(place for place in places if place != _NOWHERE)
    return stacks


def place_in_file(code: ProcessCode, address: int) -> int:
    """Offset of an address in its file; the address itself if there is none."""
    place = code.find(address)
    return address - place.mapping.start + place.mapping.offset if place is not None else address


@pytest.mark.skipif(shutil.which("perf") is None, reason="perf is not installed")
def test_stacks_are_those_of_perf(program: Compile, tmp_path: Path) -> None:
    architecture = native_architecture()
    if architecture is None:
        pytest.skip("stacks are not unwound on this machine")
    ours = Stacks()
    path = program("callers", *OPTIMISED)
    with SteppedProgram(path) as target, ProcDir(target.pid) as process:
        code = ProcessCode(process, architecture, ElfCache())
        try:
            rings = FaultRings(process)
        except SmapstopError as error:
            pytest.skip(str(error))
        with closing(code), closing(rings), perf_record(target.pid, tmp_path / "perf.data"):
            unwinder = Unwinder(code)
            for _ in range(4):
                target.go()
                code.begin_tick()
                for sample in rings.drain().stacks:
                    stack = unwinder.unwind(sample.registers, sample.stack)
                    ours[sample.tid, sample.address] = tuple(place_in_file(code, each) for each in stack.addresses)
        theirs = stacks_of_perf(tmp_path / "perf.data")
    both = ours.keys() & theirs.keys()
    assert len(both) > 90
    assert {key: ours[key] for key in both} == {key: theirs[key] for key in both}
