"""Files of real processes, and stat texts of old kernels."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from places import ROOT
from stepped_program import SteppedProgram, stepped_python, wait_until

from smapstop.errors import SmapstopError
from smapstop.proc.process import ProcDir
from smapstop.proc.stat import parse_counters

Program = Callable[[str], Path]

LINUX_2_6_32_STAT = (
    b"2042 (sshd) S 1 2042 2042 0 -1 4202816 571 2918 3 8 12 34 56 78 20 0 1 0 4242 65163264 1198 "
    b"18446744073709551615 139866476593152 139866477007524 140734938474880 140734938474312 139866448826563 "
    b"0 0 4096 81925 18446744071580587289 0 0 17 0 0 0 0 0 0\n"
)
"""44 fields: no addresses of arguments, no exit code."""
LINUX_2_6_32_STATUS = b"""Name:\tsshd
State:\tS (sleeping)
VmPeak:\t   64048 kB
VmSize:\t   63636 kB
VmHWM:\t    1228 kB
VmRSS:\t    1192 kB
"""


@pytest.fixture
def child() -> int:
    """Pid of a forked child that is a zombie, or soon will be."""
    pid = os.fork()
    if not pid:
        os._exit(3)
    return pid


def headers(smaps: bytes) -> list[bytes]:
    """Header lines of the file mappings."""
    return [line for line in smaps.splitlines() if b" /" in line]


def test_own_process() -> None:
    with ProcDir(os.getpid()) as process:
        counters = process.counters()
        process.require_memory()

        assert os.getpid() == counters.pid
        assert os.getppid() == counters.ppid
        assert counters.state == "R"
        assert counters.image > 0
        assert counters.rss is not None
        assert counters.vm_peak is not None
        assert counters.vm_size is not None
        assert counters.vm_hwm is not None
        assert counters.vm_peak >= counters.vm_size > counters.rss > 0
        assert counters.exit_code is None
        assert os.path.realpath(sys.executable) == process.executable()
        assert Path("/proc/self/cmdline").read_bytes().count(b"\0") == len(process.command_line())
        assert b"VmFlags" in process.read_smaps()
        assert process.read_rollup().count(b"Rss:") == 1


def test_start_time_on_the_wall_clock_is_when_the_process_was_started() -> None:
    with stepped_python("step()") as program, ProcDir(program.pid) as process, ProcDir(1) as first:
        assert 0 < first.started_ns() < process.started_ns()
        assert abs(process.started_ns() - os.stat(f"/proc/{program.pid}").st_ctime_ns) < 60_000_000_000


def test_no_such_process() -> None:
    with pytest.raises(SmapstopError) as caught:
        ProcDir(2**22 + 1)

    assert caught.value.what == "no process 4194305"


def test_kernel_thread_has_no_memory_map() -> None:
    with ProcDir(2) as process:
        assert process.read_smaps() == b""
        assert process.command_line() == ()
        assert process.executable() is None
        assert process.counters().rss is None
        with pytest.raises(SmapstopError) as caught:
            process.require_memory()

    assert caught.value.what == "process 2 (kthreadd) is a kernel thread, which has no memory map of its own"


def test_zombie_has_no_memory_but_an_exit_code(child: int) -> None:
    with ProcDir(child) as process:
        wait_until(lambda: process.counters().state == "Z")
        counters = process.counters()
        assert process.read_smaps() == b""
        with pytest.raises(SmapstopError) as caught:
            process.require_memory()
        os.waitpid(child, 0)

    assert counters.exit_code is not None
    assert os.waitstatus_to_exitcode(counters.exit_code) == 3
    assert counters.rss is None
    assert "has exited (zombie)" in caught.value.what
    assert f"its parent is process {os.getpid()}" == caught.value.remedy


def test_process_that_is_gone_says_so_in_every_file(child: int) -> None:
    with ProcDir(child) as process:
        os.waitpid(child, 0)
        for read in (process.counters, process.read_smaps, process.read_rollup, process.started_ns):
            with pytest.raises((ProcessLookupError, FileNotFoundError)):
                read()
        assert process.command_line() == ()
        with pytest.raises(SmapstopError) as caught:
            process.require_memory()

    assert f"no process {child}" == caught.value.what


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_process_of_another_user_may_not_be_read() -> None:
    become_nobody_and_look = """
os.setgid(65534)
os.setuid(65534)
from smapstop.errors import SmapstopError
from smapstop.proc.process import ProcDir
with ProcDir(1) as process:
    assert process.counters().pid == 1
    assert process.counters().image == 0
    try:
        process.require_memory()
    except SmapstopError as error:
        os.write(1, str(error).encode() + b"\\n")
"""
    root = ROOT
    # imports first: nobody may not be allowed to read the project
    imports = f"import sys\nsys.path.insert(0, {str(root)!r})\nimport smapstop.proc.process, smapstop.errors\n"
    with SteppedProgram(sys.executable, "-c", "import os\n" + imports + become_nobody_and_look) as program:
        said = " ".join(program.words)

    assert said.startswith("not permitted to read the memory map of process 1: run as its user or as root")


def test_process_whose_main_thread_has_ended_is_read_by_another_thread(program: Program) -> None:
    with SteppedProgram(program("main_ended")) as stepping, ProcDir(stepping.pid) as process:
        before = process.read_smaps()
        stepping.go()
        wait_until(lambda: process.counters().state == "Z")
        counters = process.counters()

        process.require_memory()
        assert set(headers(before)) <= set(headers(process.read_smaps()))
        assert process.read_rollup().count(b"Rss:") == 1
        assert counters.threads == 2
        assert counters.image == 0
        assert counters.rss is None


def test_name_with_spaces_parentheses_and_line_ends(program: Program) -> None:
    with SteppedProgram(program("odd_name")) as stepping, ProcDir(stepping.pid) as process:
        counters = process.counters()

    assert counters.name == "a) R 1 (b\n"
    assert counters.ppid == os.getpid()
    assert counters.state in "RS"
    assert counters.vm_size is not None


def test_arguments_that_are_no_text_are_kept() -> None:
    command = (sys.executable, "-c", "print('step 0', flush=True); input()", "", os.fsdecode(b"\xff \n"))
    with SteppedProgram(*command) as stepping, ProcDir(stepping.pid) as process:
        assert command == process.command_line()


def test_exec_changes_the_image(program: Program) -> None:
    with SteppedProgram(program("again")) as stepping, ProcDir(stepping.pid) as process:
        before = process.counters()
        stepping.go()
        after = process.counters()

    assert before.start_time == after.start_time
    assert 0 != before.image != after.image != 0


def test_killed_process_keeps_its_signal_as_a_zombie() -> None:
    with stepped_python("step()") as stepping, ProcDir(stepping.pid) as process:
        stepping.kill()
        wait_until(lambda: process.counters().state == "Z")

        assert process.counters().exit_code == signal.SIGKILL


def test_stat_of_an_old_kernel_has_fewer_fields() -> None:
    counters = parse_counters(LINUX_2_6_32_STAT, b"15909 298 231 96 0 142 0\n", LINUX_2_6_32_STATUS)

    assert (counters.pid, counters.name, counters.state, counters.ppid) == (2042, "sshd", "S", 1)
    assert (counters.minor_faults, counters.major_faults) == (571, 3)
    assert (counters.user_ticks, counters.system_ticks) == (12, 34)
    assert (counters.threads, counters.start_time) == (1, 4242)
    assert (counters.image, counters.exit_code) == (0, None)
    assert counters.rss == 298 * os.sysconf("SC_PAGE_SIZE") // 1024
    assert (counters.vm_peak, counters.vm_size, counters.vm_hwm) == (64048, 63636, 1228)
    assert (counters.vm_swap, counters.rss_shmem) == (None, None)


def test_zombie_of_an_old_kernel_has_no_known_exit_code() -> None:
    counters = parse_counters(LINUX_2_6_32_STAT.replace(b") S ", b") Z "), b"", b"")

    assert counters.exit_code is None


def test_most_mappings_that_a_process_may_have() -> None:
    with ProcDir(os.getpid()) as process:
        assert process.max_map_count() == int(Path("/proc/sys/vm/max_map_count").read_text())
