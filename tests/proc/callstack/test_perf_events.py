"""Page faults as the kernel tells them, of real programs whose faults are known to the last one."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from places import ROOT
from stepped_program import SteppedProgram

from smapstop.errors import SmapstopError
from smapstop.proc.callstack.fault_records import KERNEL_IP
from smapstop.proc.callstack.perf_events import DrainedRings, FaultRings, access_error, online_cpus
from smapstop.proc.callstack.registers import native_architecture
from smapstop.proc.process import ProcDir

PAGE = 4096
TIMES = 10
WRITTEN, IN_THREADS, COPIED, READ = 300, 200, 200, 250


class Watched:
    """A stepped program whose faults are watched."""

    def __init__(self, program: SteppedProgram, process: ProcDir, rings: FaultRings) -> None:
        self.program, self.rings = program, rings
        self._process = process
        self._counted = self._faults()

    def next_step(self) -> tuple[DrainedRings, int]:
        """Let it go on to its next step: what the rings told, and how many faults the kernel counted meanwhile."""
        self.program.go()
        before, self._counted = self._counted, self._faults()
        return self.rings.drain(), self._counted - before

    def _faults(self) -> int:
        counters = self._process.counters()
        return (counters.minor_faults or 0) + (counters.major_faults or 0)


@contextmanager
def watched(path: Path, *periods: int) -> Iterator[Watched]:
    """Watch a program from its first step on."""
    with (
        SteppedProgram(path, str(TIMES)) as program,
        ProcDir(program.pid) as process,
        closing(FaultRings(process, *periods)) as rings,
    ):
        yield Watched(program, process, rings)


def faults_in(drained: DrainedRings, start: int, pages: int) -> int:
    """Number of faults in a range."""
    at = drained.faults.address
    return int(drained.faults.weight[(at >= start) & (at < start + PAGE * pages)].sum())


def stacks_in(drained: DrainedRings, start: int, pages: int) -> int:
    """Number of faults in a range by the samples with stacks."""
    return sum(sample.weight for sample in drained.stacks if start <= sample.address < start + PAGE * pages)


def test_every_fault_is_seen_once_as_the_kernel_counts_them(program: Callable[[str], Path]) -> None:
    with watched(program("faulting")) as target:
        start = target.program.address
        for pages in (WRITTEN, IN_THREADS, COPIED):
            drained, counted = target.next_step()

            assert faults_in(drained, start, 512) == pages
            hidden = counted - drained.faults.weight.sum()
            assert hidden == 0 if target.rings.sees_system_calls else 0 <= hidden < pages
            assert not drained.light_losses.any
        assert target.rings.fault_count() >= WRITTEN + IN_THREADS + COPIED


def test_every_fault_has_a_stack_while_they_are_few(program: Callable[[str], Path]) -> None:
    with watched(program("faulting")) as target:
        drained, _ = target.next_step()

        assert stacks_in(drained, target.program.address, 512) <= WRITTEN
        assert stacks_in(drained, target.program.address, 512) > 0
        architecture = native_architecture()
        assert architecture is not None
        for sample in drained.stacks:
            assert len(sample.registers) == architecture.perf_mask.bit_count()
            assert 0 < len(sample.stack) <= 8192


def test_samples_hold_what_the_target_has_on_its_stack_and_do_not_show_it(program: Callable[[str], Path]) -> None:
    with watched(program("faulting")) as target:
        drained, _ = target.next_step()

        assert any(b"my_s3cr3t_p4ssw0rd" in bytes(sample.stack) for sample in drained.stacks)
        assert "s3cr3t" not in repr(drained)
        assert "s3cr3t" not in repr(drained.stacks)


def test_faults_in_system_calls_are_seen_where_that_is_permitted(program: Callable[[str], Path]) -> None:
    with watched(program("faulting")) as target:
        for _ in range(4):
            drained, counted = target.next_step()
        start = target.program.address
        at = (drained.faults.address >= start) & (drained.faults.address < start + PAGE * READ)

        assert faults_in(drained, start, READ) == (READ if target.rings.sees_system_calls else 0)
        assert set(drained.faults.ip[at].tolist()) <= {KERNEL_IP}
        assert counted >= READ


def test_each_nth_fault_stands_for_n(program: Callable[[str], Path]) -> None:
    with watched(program("faulting"), 10, 50) as target:
        drained, _ = target.next_step()

        assert abs(faults_in(drained, target.program.address, 512) - WRITTEN) <= 10
        assert abs(stacks_in(drained, target.program.address, 512) - WRITTEN) <= 50


def test_another_period_holds_in_threads_that_had_the_old_one_too(program: Callable[[str], Path]) -> None:
    with watched(program("faulting")) as target:
        target.next_step()
        before = target.rings.set_periods(5, 25)
        drained, counted = target.next_step()

        assert before.faults.weight.sum() == 0
        assert set(drained.faults.weight.tolist()) == {5}
        assert {sample.weight for sample in drained.stacks} == {25}
        assert target.rings.fault_count() >= WRITTEN + IN_THREADS
        assert counted >= IN_THREADS


def test_target_that_is_gone_is_quiet(program: Callable[[str], Path]) -> None:
    with watched(program("faulting")) as target:
        target.program.kill()
        target.program.wait()
        target.rings.drain()

        assert len(target.rings.drain().faults) == 0
        assert len(target.rings.set_periods(2, 2).faults) == 0
    with SteppedProgram(program("faulting")) as running, ProcDir(running.pid) as process:
        running.kill()
        running.wait()
        with pytest.raises(SmapstopError, match=r"cannot be seen|not permitted to see"):
            FaultRings(process)


AS_NOBODY = """
import json, os, resource, subprocess, sys
from contextlib import closing
from smapstop.proc.callstack.perf_events import FaultRings
from smapstop.proc.process import ProcDir

os.setgroups([])
os.setgid(65534)
os.setuid(40_000 + os.getpid() % 20_000)  # what a user may lock for rings is for all of their processes
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
with subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as program:
    start = int(program.stdout.readline().split()[1], 16)
    with ProcDir(program.pid) as process, closing(FaultRings(process)) as rings:
        told = []
        for _ in range(4):
            program.stdin.write(b"\\n")
            begin = int(program.stdout.readline().split()[1], 16)
            address = rings.drain().faults.address
            told.append(int(((address >= begin) & (address < begin + 512 * 4096)).sum()))
    program.kill()
print(json.dumps([rings.sees_system_calls, told]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_ordinary_user_sees_all_but_system_calls(program: Callable[[str], Path]) -> None:
    with TemporaryDirectory() as directory:
        copy = Path(directory) / "faulting"
        copy.write_bytes(program("faulting").read_bytes())
        for path in (copy, copy.parent):
            path.chmod(0o755)
        words = [sys.executable, "-c", AS_NOBODY, str(copy), str(TIMES)]
        told = subprocess.run(words, stdout=subprocess.PIPE, check=True, cwd=ROOT).stdout
    sees_system_calls, faults = json.loads(told)
    paranoid = int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())

    assert sees_system_calls == (paranoid < 2)
    assert faults[:3] == [WRITTEN, IN_THREADS, COPIED]
    assert (faults[3] == 0) == (paranoid >= 2)


def test_what_is_not_permitted_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    def told(number: int, paranoid: str) -> str:
        (tmp_path / "paranoid").write_text(paranoid)
        return str(access_error(7, OSError(number, os.strerror(number)), str(tmp_path / "paranoid")))

    assert "since kernel.perf_event_paranoid is 3: sysctl kernel.perf_event_paranoid=2" in told(errno.EACCES, "3\n")
    assert "page faults of process 7: run as its user" in told(errno.EACCES, "2\n")
    assert "seccomp" in told(errno.EPERM, "2\n")
    assert "seccomp" in told(errno.ENOSYS, "-1\n")
    assert "cannot be seen: " in told(errno.EMFILE, "2\n")
    assert "CONFIG_PERF_EVENTS" in str(access_error(7, OSError(errno.ENOSYS, ""), str(tmp_path / "none")))


def test_cpus_are_those_online(tmp_path: Path) -> None:
    (tmp_path / "online").write_text("0-2,5,7-8\n")

    assert online_cpus(str(tmp_path / "online")) == [0, 1, 2, 5, 7, 8]
    assert online_cpus(str(tmp_path / "none"))
