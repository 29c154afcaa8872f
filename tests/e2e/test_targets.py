"""Processes that do not make it easy: restless, traced, stopped, privileged, in other namespaces, smapstop itself."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from e2e.processes import NOBODY, name_of, state_of, unprivileged_prefix, user_of
from e2e.terminals import SMAPSTOP, Terminal, Terminals
from stepped_program import SteppedProgram, stepped_python

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make such a process")
TRACER = """
import ctypes, os, sys
assert ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), None, None) == 0  # PTRACE_ATTACH, which stops it
os.waitpid(int(sys.argv[1]), 0)
os.write(1, b"step 0\\n")
os.read(0, 1)
"""


def attach(terminal: Terminals, pid: int, reported: str = "") -> Terminal:
    """Watch a running process, and wait until it is shown, with what the header tells of it."""
    window = terminal(f"{SMAPSTOP} -i 0.1 -p {pid}")
    window.wait_for(rf"^ .* {pid} +{reported}.*● live")
    return window


def leave(window: Terminal) -> None:
    """Quit, with success."""
    window.press("q")
    assert window.status() == 0


@pytest.mark.parametrize("what", ["exec", "fork", "map", "many"])
def test_a_program_that_never_rests_is_watched_and_can_be_left(
    terminal: Terminals, program: Callable[[str], Path], what: str
) -> None:
    """It execs itself, has a thousand children, maps and unmaps, or has as many mappings as it may."""
    budget = "--budget 100" if what == "many" else ""  # it is soon read again, however long that takes
    window = terminal(f"{SMAPSTOP} -i 0.1 {budget} -- {program('restless')} {what}")
    window.wait_for(r"^ restless .*● live")
    if what in ("fork", "many"):
        window.wait_for("^│ready")
    if what == "many":
        most = int(Path("/proc/sys/vm/max_map_count").read_text())
        window.wait_for(rf"mappings {most // 10}\d(, more than the limit of| of at most) {most}")
    window.press("o")
    window.wait_for("^By name")
    window.press("o", "e")
    window.wait_for("^Events +Mapping")
    window.press("q")
    window.wait_for("is still running")
    window.press("e")
    assert window.status() == 128 + signal.SIGHUP
    window.wait_until(
        lambda: not [p for p in window.processes() if "restless" in p.command_line[0]], "none of them is left"
    )


def test_a_process_that_a_debugger_holds_is_watched_and_stays_so(terminal: Terminals) -> None:
    with stepped_python("step()") as target, SteppedProgram(sys.executable, "-S", "-c", TRACER, str(target.pid)):
        leave(attach(terminal, target.pid, "t traced"))
        assert state_of(target.pid) == "t"


def test_a_process_that_is_stopped_is_watched_and_stays_so(terminal: Terminals) -> None:
    with stepped_python("step()") as target:
        os.kill(target.pid, signal.SIGSTOP)
        leave(attach(terminal, target.pid, "T stopped"))
        assert state_of(target.pid) == "T"


@pytest.fixture
def setuid() -> Iterator[Path]:
    """A program that has the privileges of root for everybody."""
    with TemporaryDirectory() as folder:  # not in pytest's, which nobody else may enter
        program = Path(folder) / "privileged"
        shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
        program.chmod(0o4755)
        Path(folder).chmod(0o755)
        yield program


@needs_root
def test_a_setuid_program_is_launched_without_its_privileges_and_with_them_is_somebody_elses(
    terminal: Terminals, setuid: Path
) -> None:
    window = terminal(f"{unprivileged_prefix()} {SMAPSTOP} -i 0.1 -- {setuid} 1000")
    window.wait_for(r"^ privileged .*● live")
    assert user_of(window.program_pid()) == NOBODY
    window.press("q", "e")
    assert window.status() == 128 + signal.SIGHUP
    with subprocess.Popen([*shlex.split(unprivileged_prefix()), setuid, "1000"]) as running:
        try:
            window.wait_until(
                lambda: name_of(running.pid) == setuid.name and user_of(running.pid) == 0, "it runs, as root"
            )
            window = terminal(f"{unprivileged_prefix()} {SMAPSTOP} -p {running.pid}", columns=200)
            assert window.status() == 2
            window.wait_for("not permitted to read the memory map")
        finally:
            running.kill()


@needs_root
@pytest.mark.parametrize("kinds", [("--user",), ("--mount", "--pid", "--fork", "--mount-proc")], ids=["user", "pid"])
def test_a_process_in_a_namespace_of_its_own_is_watched_from_outside(
    terminal: Terminals, kinds: tuple[str, ...]
) -> None:
    code = "import os; os.write(1, b'step 0\\n'); os.read(0, 1)"
    with SteppedProgram("unshare", *kinds, sys.executable, "-S", "-c", code) as target:
        children = Path(f"/proc/{target.pid}/task/{target.pid}/children").read_text().split()
        window = attach(terminal, int(children[0]) if children else target.pid)
        window.wait_for(r"^F libc.so.6 .text +r-xp")
        leave(window)


def test_smapstop_watches_itself(terminal: Terminals) -> None:
    window = terminal(f"sh -c 'exec {SMAPSTOP} -i 0.1 -p $$'")
    window.wait_for(r"^ python\S* smapstop .*● live")
    window.wait_for("first touch")
    leave(window)


@needs_root
def test_smapstop_watches_its_own_sampler(terminal: Terminals) -> None:
    """In a pid namespace the sampler's pid is known beforehand."""
    window = terminal(f"unshare --pid --fork --mount-proc {SMAPSTOP} -i 0.1 -p 2")
    window.wait_for(r"^ python[^●]* 2 .*● live")
    status = Path(f"/proc/{window.sampler_pid()}/status").read_text()
    assert status.partition("\nNSpid:")[2].split()[1] == "2"
    leave(window)


def test_a_terminal_that_is_resized_all_the_time_is_filled_in_the_end(terminal: Terminals) -> None:
    window = attach(terminal, os.getpid())
    for step in range(50):
        window.resize(20 + 37 * step % 200, 5 + 11 * step % 60)
    window.resize(100, 30)
    window.wait_for_screen(
        lambda screen: screen.count("\n") == 30 and "● live" in screen and "? help" in screen, "it is"
    )
    leave(window)
