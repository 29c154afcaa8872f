"""Real programs on real terminals; the kernel itself tells what became of them."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from smapstop.errors import SmapstopError
from smapstop.pseudo_terminal import open_terminal, resize_terminal
from smapstop.sampling.launch import Program, launch, release, terminal_environment

DENY = """
import ctypes, json, os, platform, struct
number = NUMBERS.get(platform.machine(), NUMBERS["aarch64"])
load, equal, answer = 0x20, 0x15, 0x06  # linux/bpf_common.h: the call gets EPERM, the rest is allowed
code = struct.pack("HBBI" * 4, load, 0, 0, 0, equal, 0, 1, number, answer, 0, 0, 0x00050001, answer, 0, 0, 0x7FFF0000)
program = struct.pack("HP", 4, ctypes.addressof(buffer := ctypes.create_string_buffer(code, len(code))))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
"""
"""Denies a system call, by its number on each machine."""

DENY_PTRACE = (
    """NUMBERS = {"x86_64": 101, "aarch64": 117}"""
    + DENY
    + """
from smapstop.errors import SmapstopError
from smapstop.sampling.launch import launch, release
program = launch(["sleep", "1000"], terminal_fd=None)
executable = os.readlink(f"/proc/{program.pid}/exe")
release(program)
os.kill(program.pid, 9)
_, status = os.waitpid(program.pid, 0)
try:
    launch(["./nothing"], terminal_fd=None)
except SmapstopError as error:
    refused = error.status
print(json.dumps([program.stopped_at_exec, os.path.realpath(executable), status, refused]))
"""
)

WITHOUT_FORK = (
    """NUMBERS = {"x86_64": 56, "aarch64": 220}"""
    + DENY
    + """
from smapstop.errors import SmapstopError
from smapstop.sampling.launch import launch
before = os.listdir("/proc/self/fd")
try:
    launch(["true"], terminal_fd=None)
except SmapstopError as error:
    print(json.dumps([str(error), os.listdir("/proc/self/fd") == before]))
"""
)

UNDER_SIGNALS = """
import os, signal
from smapstop.sampling.launch import launch, release
us = os.getpid()
if not (flood := os.fork()):
    while os.getppid() == us:
        os.killpg(0, signal.SIGWINCH)
    os._exit(0)
programs = [launch(["true"], terminal_fd=None) for _ in range(20)]
os.kill(flood, 9)
for program in programs:
    release(program)
print({(program.stopped_at_exec, os.waitpid(program.pid, 0)[1]) for program in programs})
"""


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal of 24 rows and 80 columns: its master and its slave."""
    master, slave = open_terminal(24, 80)
    yield master, slave
    os.close(master)
    with suppress(OSError):
        os.close(slave)


@pytest.fixture
def children() -> Iterator[list[int]]:
    """Programs that are ended when the test is."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def output(program: Program, terminal: tuple[int, int]) -> str:
    """All that a program writes on its terminal until it ends."""
    release(program)
    os.close(terminal[1])
    written = b""
    with suppress(OSError):  # EIO: nobody has the terminal any more
        while piece := os.read(terminal[0], 65536):
            written += piece
    return written.decode()


def until(terminal: tuple[int, int], text: bytes) -> None:
    """Read until a program wrote something."""
    written = b""
    while text not in written:
        written += os.read(terminal[0], 65536)


def children_of_ours() -> set[str]:
    """The pids of our children, whichever thread began them; also of those that nobody waited for."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def status_of(pid: int) -> dict[str, str]:
    """/proc/PID/status."""
    return dict(re.findall(r"^(\w+):\s*(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE))


def test_a_program_stops_before_its_first_instruction(terminal: tuple[int, int], children: list[int]) -> None:
    program = launch(["sleep", "1000"], terminal_fd=terminal[1])
    children.append(program.pid)
    maps = Path(f"/proc/{program.pid}/maps").read_text()
    assert program.stopped_at_exec
    assert "/sleep\n" in maps
    assert "libc" not in maps
    assert "[heap]" not in maps
    assert status_of(program.pid)["State"] == "t (tracing stop)"
    assert Path(f"/proc/{program.pid}/cmdline").read_bytes() == b"sleep\x001000\x00"


def test_a_released_program_runs_untraced(terminal: tuple[int, int], children: list[int]) -> None:
    program = launch(["sh", "-c", "echo ready; read x"], terminal_fd=terminal[1])
    children.append(program.pid)
    assert status_of(program.pid)["TracerPid"] == str(os.getpid())
    release(program)
    until(terminal, b"ready")
    assert status_of(program.pid)["TracerPid"] == "0"


@pytest.mark.parametrize(("command", "status"), [("exit 7", 7), ("kill -TERM $$", -signal.SIGTERM)])
def test_the_parent_learns_how_it_ended(command: str, status: int, terminal: tuple[int, int]) -> None:
    program = launch(["sh", "-c", command], terminal_fd=terminal[1])
    release(program)
    assert os.waitstatus_to_exitcode(os.waitpid(program.pid, 0)[1]) == status


def test_releasing_a_program_that_was_killed_does_nothing(terminal: tuple[int, int]) -> None:
    program = launch(["sleep", "1000"], terminal_fd=terminal[1])
    os.kill(program.pid, signal.SIGKILL)
    assert os.waitpid(program.pid, 0)[1] == signal.SIGKILL
    release(program)


def test_it_leads_a_session_on_its_terminal(terminal: tuple[int, int], children: list[int]) -> None:
    program = launch(["sleep", "1000"], terminal_fd=terminal[1])
    children.append(program.pid)
    assert os.getsid(program.pid) == program.pid
    assert os.tcgetpgrp(terminal[0]) == program.pid
    assert {os.readlink(f"/proc/{program.pid}/fd/{fd}") for fd in range(3)} == {os.ttyname(terminal[1])}


def test_without_a_terminal_it_keeps_ours(children: list[int]) -> None:
    program = launch(["sleep", "1000"], terminal_fd=None)
    children.append(program.pid)
    assert os.getsid(program.pid) == os.getsid(0)
    assert os.getpgid(program.pid) == os.getpgid(0)
    for fd in range(3):
        assert os.readlink(f"/proc/{program.pid}/fd/{fd}") == os.readlink(f"/proc/self/fd/{fd}")


def test_it_inherits_nothing_but_three_files(terminal: tuple[int, int], children: list[int]) -> None:
    os.set_inheritable(terminal[0], True)
    program = launch(["sleep", "1000"], terminal_fd=terminal[1])
    children.append(program.pid)
    assert sorted(os.listdir(f"/proc/{program.pid}/fd")) == ["0", "1", "2"]


def test_its_signals_are_the_default_ones(terminal: tuple[int, int], children: list[int]) -> None:
    ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as SIGPIPE is by Python
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        program = launch(["sleep", "1000"], terminal_fd=terminal[1])
    finally:
        signal.signal(signal.SIGINT, ignored)
        blocked = signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    children.append(program.pid)
    status = status_of(program.pid)
    internal = 0b11 << 31  # 32 and 33 are the C library's own: nobody can set them, and they may come to us ignored
    assert {int(status[name], 16) & ~internal for name in ("SigBlk", "SigIgn", "SigCgt", "SigPnd")} == {0}
    assert blocked == {signal.SIGUSR1}


def test_its_environment_names_the_terminal_and_leaves_the_size_to_it(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "linux")
    monkeypatch.setenv("COLUMNS", "7")
    program = launch(["sh", "-c", 'echo "$TERM $COLORTERM [$COLUMNS]"'], terminal_fd=terminal[1])
    assert output(program, terminal) == "xterm-256color truecolor []\r\n"
    os.waitpid(program.pid, 0)
    assert terminal_environment({"HOME": "/h", "LINES": "1"}) == {
        "HOME": "/h",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def test_an_environment_is_taken_as_it_is(terminal: tuple[int, int]) -> None:
    program = launch(["/usr/bin/env"], terminal_fd=terminal[1], env={"A": "1"})
    assert output(program, terminal) == "A=1\r\n"
    os.waitpid(program.pid, 0)


def test_the_terminal_has_its_size_before_the_program_begins(terminal: tuple[int, int]) -> None:
    program = launch(["stty", "size"], terminal_fd=terminal[1])
    assert output(program, terminal) == "24 80\r\n"
    os.waitpid(program.pid, 0)


def test_a_program_sees_its_terminal_resized(terminal: tuple[int, int]) -> None:
    script = "trap 'stty size; exit' WINCH; echo ready; while :; do read x; done"
    program = launch(["sh", "-c", script], terminal_fd=terminal[1])
    release(program)
    until(terminal, b"ready")
    resize_terminal(terminal[0], 30, 100)
    until(terminal, b"30 100")
    os.waitpid(program.pid, 0)


def test_whole_characters_are_erased_while_a_line_is_edited(terminal: tuple[int, int]) -> None:
    program = launch(["sh", "-c", "read x; printf '[%s]' $x"], terminal_fd=terminal[1])
    os.write(terminal[0], "né\x7fo\n".encode())
    assert "[no]" in output(program, terminal)
    os.waitpid(program.pid, 0)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with files that cannot be executed."""
    monkeypatch.chdir(tmp_path)
    for name, content, mode in (
        ("plain", "", 0o644),
        ("text", "hello", 0o755),
        ("script", "#!/no/such/interpreter\n", 0o755),
    ):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(mode)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("no-such-program", 127, "no-such-program was not found: check the spelling or give its path"),
        ("./nothing", 127, "./nothing was not found: check the spelling or give its path"),
        ("", 127, " was not found: check the spelling or give its path"),
        ("text", 127, "text was not found: did you mean ./text?"),
        ("./plain", 126, "cannot execute ./plain: permission denied"),
        ("./text", 126, "cannot execute ./text: exec format error"),
        ("./script", 126, "cannot execute ./script: the interpreter it names does not exist"),
        ("/", 126, "cannot execute /: it is a directory"),
        ("./plain/below", 127, "./plain/below was not found: check the spelling or give its path"),
    ],
)
def test_what_cannot_be_executed_is_said_as_a_shell_would(
    name: str, status: int, message: str, directory: Path, terminal: tuple[int, int]
) -> None:
    before = os.listdir("/proc/self/fd"), children_of_ours()
    with pytest.raises(SmapstopError) as caught:
        launch([name], terminal_fd=terminal[1])
    assert (caught.value.status, str(caught.value)) == (status, message)
    assert (os.listdir("/proc/self/fd"), children_of_ours()) == before, "nothing is left to close or to wait for"


def test_what_is_no_terminal_cannot_be_lived_on(tmp_path: Path) -> None:
    with open(tmp_path / "file", "w") as file, pytest.raises(SmapstopError, match="inappropriate ioctl"):
        launch(["true"], terminal_fd=file.fileno())


def test_where_ptrace_is_forbidden_a_program_is_launched_all_the_same() -> None:
    reported = subprocess.run([sys.executable, "-c", DENY_PTRACE], capture_output=True, text=True, check=True).stdout
    sleep = subprocess.run(["sh", "-c", "realpath $(command -v sleep)"], capture_output=True, text=True, check=True)
    assert json.loads(reported) == [False, sleep.stdout.strip(), signal.SIGKILL, 127]


def test_without_another_process_it_is_said_and_no_file_stays_open() -> None:
    reported = subprocess.run([sys.executable, "-c", WITHOUT_FORK], capture_output=True, text=True, check=True).stdout
    assert json.loads(reported) == ["cannot start true: Operation not permitted", True]


def test_signals_on_the_way_do_not_hold_a_launch_up() -> None:
    reported = subprocess.run(
        [sys.executable, "-c", UNDER_SIGNALS], capture_output=True, text=True, check=True, start_new_session=True
    )
    assert reported.stdout == "{(True, 0)}\n"
