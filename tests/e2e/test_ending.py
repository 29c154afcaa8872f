"""However it ends, the target or smapstop itself: what is known is said, and the terminal is as it was before."""

import os
import platform
import re
import shlex
import signal
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest
from e2e.processes import state_of, unprivileged_prefix
from e2e.terminals import PREVIOUS_OUTPUT, SMAPSTOP, Terminal, Terminals
from stepped_program import DEADLINE_SECONDS, SteppedProgram, stepped_python

KERNEL = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
TELLS_STRANGERS = KERNEL >= (6, 15)
"""Whether the kernel tells the exit status of a process to others than its parent."""
HIDING = """
import ctypes, os
def step(): os.write(1, b"step 0\\n"); os.read(0, 1)
step()
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
step()
"""
"""A process that at its second step will not be looked at any more by others than root (PR_SET_DUMPABLE)."""


def attach(terminal: Terminals, pid: int, *, before: str = "", after: str = "") -> Terminal:
    """Watch a running process, and wait until it is shown."""
    window = terminal(f"{before} {SMAPSTOP} -i 0.2 -p {pid} {after}")
    window.wait_for(f"^ .* {pid} .*● live")
    return window


def leave(window: Terminal, key: str = "q") -> int:
    """Leave with a key, and give the exit status."""
    window.press(key)
    return window.status()


def assert_restored(window: Terminal) -> None:
    """The terminal is as it was before smapstop began."""
    window.wait_for_screen(lambda screen: screen.splitlines()[0] == PREVIOUS_OUTPUT, "what stood there before")
    flags = ("cursor_flag", "alternate_on", "mouse_any_flag", "wrap_flag")
    window.wait_until(  # tmux may have read only a part of what was written
        lambda: [flag for flag in flags if window.is_flag_on(flag)] == ["cursor_flag", "wrap_flag"],
        "cursor and wrapping are on, alternate screen and mouse off",
    )
    assert {"echo", "icanon", "isig", "icrnl"} <= window.line_modes()


# the target


def test_a_process_that_exits_stays_on_the_screen_with_its_status(terminal: Terminals) -> None:
    with stepped_python("step(); os._exit(3)") as target:
        window = attach(terminal, target.pid)
        target.resume()
        target.wait()
        screen = window.wait_for(f"^ .* {target.pid} +(exited|ended)")
    # elsewhere it is known only to who looks at the zombie, before we reap it
    assert "exited 3" in screen or (not TELLS_STRANGERS and "ended, exit status unknown" in screen)
    assert "● live" not in screen
    assert "libc.so.6" in screen
    assert leave(window) == 0
    assert_restored(window)


def test_a_process_that_is_killed_and_not_yet_reaped_is_reported_as_such(terminal: Terminals) -> None:
    with stepped_python("step()") as target:
        window = attach(terminal, target.pid)
        target.kill()
        window.wait_for(f"^ .* {target.pid} +killed by SIGKILL")
        assert state_of(target.pid) == "Z"
        assert leave(window) == 0


def test_a_zombie_says_how_it_exited(terminal: Terminals) -> None:
    with stepped_python("step(); os._exit(3)") as target:
        window = attach(terminal, target.pid)
        target.resume()
        window.wait_for(rf"^ .* {target.pid} +exited 3 \(zombie\)")


def test_another_program_in_the_same_process_is_watched_on(terminal: Terminals) -> None:
    with stepped_python("step(); os.execvp('sleep', ['sleep', '1000'])") as target:
        window = attach(terminal, target.pid)
        target.resume()
        window.wait_for(f"^ sleep +{target.pid} .*● live")
        window.wait_for(r"^F \S*sleep .text +r-xp")


def test_a_permission_that_is_lost_is_said_and_old_numbers_are_not_shown_as_live(terminal: Terminals) -> None:
    stranger = unprivileged_prefix()
    with SteppedProgram(*shlex.split(stranger), sys.executable, "-c", HIDING) as target:
        window = attach(terminal, target.pid, before=stranger)
        target.go()
        screen = window.wait_for(f"not permitted to read the memory map of process {target.pid}")
        assert "● live" not in screen
        assert leave(window) == 0


# smapstop itself


@pytest.mark.parametrize("key", ["C-c", "C-q"])
def test_each_way_to_quit_ends_with_0_and_restores_the_terminal(
    terminal: Terminals, tmp_path: Path, key: str
) -> None:
    """Also ctrl-c: it is how people leave htop, perf top and py-spy top, and it is no failure. q: the tests below."""
    errors = tmp_path / "errors"
    window = attach(terminal, os.getpid(), after=f"2>{errors}" if key == "C-q" else "")
    assert not window.is_flag_on("cursor_flag")
    assert window.is_flag_on("alternate_on")
    assert leave(window, key) == 0
    assert_restored(window)
    assert key == "C-c" or errors.read_text() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_with_the_status_of_a_shell_and_restores_the_terminal(
    terminal: Terminals, number: signal.Signals
) -> None:
    window = attach(terminal, os.getpid())
    sampler = window.sampler_pid()
    os.kill(window.dashboard_pid(), number)
    assert window.status() == 128 + number
    assert_restored(window)
    assert not Path(f"/proc/{sampler}").exists()


@pytest.mark.parametrize(
    ("words", "shown"), [("guide", b"chapters"), (f"-p {os.getpid()}", b"live")], ids=["guide", "dashboard"]
)
def test_it_ends_with_its_terminal_though_that_does_not_control_it(words: str, shown: bytes) -> None:
    """As in `su -c`: a session of its own, without a controlling terminal, gets no SIGHUP."""
    master, slave = os.openpty()
    termios.tcsetwinsize(master, (24, 80))
    command = ["env", "TERM=xterm-256color", sys.executable, "-m", "smapstop", *words.split()]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True) as process:
        os.close(slave)
        try:
            written = b""
            while shown not in written:
                written += os.read(master, 1 << 16)
            os.close(master)
            assert process.wait(DEADLINE_SECONDS) == 128 + signal.SIGHUP
        finally:
            process.kill()


def test_to_be_stopped_and_continued_does_it_no_harm(terminal: Terminals) -> None:
    window = attach(terminal, os.getpid())
    pid = window.dashboard_pid()
    os.kill(pid, signal.SIGSTOP)
    window.wait_until(lambda: state_of(pid) == "T", "it is stopped")
    os.kill(pid, signal.SIGCONT)
    window.press("?")
    window.wait_for_screen(lambda screen: "● live" not in screen, "the help covers the dashboard")
    window.press("Escape")
    window.wait_for("● live")
    assert leave(window) == 0
    assert_restored(window)


def test_to_be_continued_while_it_starts_does_it_no_harm(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -p {os.getpid()}")
    pid = window.dashboard_pid()

    def is_shown(screen: str) -> bool:
        os.kill(pid, signal.SIGCONT)
        return "● live" in screen

    window.wait_for_screen(is_shown, "it is continued again and again until it is there")
    assert leave(window) == 0
    assert_restored(window)


def test_a_terminal_that_is_closed_ends_it_and_the_program(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -i 0.2 -- sleep 1000")
    window.wait_for("● live")
    assert len([process for process in window.processes() if process.command_line[0] == "sleep"]) == 1
    assert window.close() == []


def test_a_dashboard_that_is_killed_takes_the_sampler_and_the_program_with_it(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -i 0.2 -- sleep 1001")
    window.wait_for("● live")
    sampler, program = window.sampler_pid(), window.program_pid()
    os.kill(window.dashboard_pid(), signal.SIGKILL)
    assert window.status() == 128 + signal.SIGKILL
    window.wait_until(lambda: {sampler, program}.isdisjoint(p.pid for p in window.processes()), "both are gone")


def test_without_its_sampler_the_dashboard_says_so_in_a_line_and_lives(terminal: Terminals) -> None:
    window = attach(terminal, os.getpid())
    os.kill(window.sampler_pid(), signal.SIGKILL)
    screen = window.wait_for(r"the sampler process died \(signal 9\)")
    assert "● live" not in screen
    assert len(re.findall("sampler", screen)) == 1
    assert "[heap]" in screen
    window.press("?")
    window.wait_for_screen(lambda screen: "[heap]" not in screen, "the help covers the dashboard")
    window.press("Escape")
    window.wait_for(r"\[heap\]")
    assert leave(window) == 0
    assert_restored(window)


def test_a_program_whose_sampler_died_ends_with_the_dashboard(terminal: Terminals) -> None:
    """Which fails: how the program ended is known to nobody."""
    window = terminal(f"{SMAPSTOP} -i 0.2 -- sleep 1002")
    window.wait_for("● live")
    program = window.program_pid()
    os.kill(window.sampler_pid(), signal.SIGKILL)
    window.wait_for("the sampler process died")
    assert leave(window) == 2
    window.wait_until(lambda: program not in {process.pid for process in window.processes()}, "the program is gone")


def test_a_sampler_that_hangs_is_reported_and_not_waited_for(terminal: Terminals) -> None:
    """As it does while the kernel reads for it what takes long."""
    window = attach(terminal, os.getpid())
    sampler = window.sampler_pid()
    os.kill(sampler, signal.SIGSTOP)
    window.wait_for(r"○ no sample for \d+ s")
    os.kill(sampler, signal.SIGCONT)
    window.wait_for("● live")
    os.kill(sampler, signal.SIGSTOP)
    assert leave(window) == 0
    assert not Path(f"/proc/{sampler}").exists()


def test_a_program_whose_sampler_hangs_ends_with_the_dashboard(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -i 0.2 -- sleep 1003")
    window.wait_for("● live")
    program = window.program_pid()
    os.kill(window.sampler_pid(), signal.SIGSTOP)
    os.kill(window.dashboard_pid(), signal.SIGTERM)
    assert window.status() == 128 + signal.SIGTERM
    window.wait_until(lambda: program not in {process.pid for process in window.processes()}, "the program is gone")


# what never begins


def kernel_thread() -> int:
    """The pid of a kernel thread; a container shows none."""
    for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
        with suppress(FileNotFoundError, ProcessLookupError):  # one that ended meanwhile
            flags = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[6]
            if int(flags) & 0x0020_0000:  # PF_KTHREAD
                return pid
    pytest.skip("there are no kernel threads here")


def refused(terminal: Terminals, command: str, reported: str) -> None:
    """A command says one line and ends with 2; the dashboard never opened."""
    window = terminal(command, columns=200)
    assert window.status() == 2
    lines = window.wait_for("^smapstop: ").rstrip("\n").splitlines()
    assert lines[0] == PREVIOUS_OUTPUT
    assert re.fullmatch(f"smapstop: {reported}", "".join(lines[1:])), lines
    assert len(lines) == 2


def test_a_process_that_is_not_there(terminal: Terminals) -> None:
    refused(terminal, f"{SMAPSTOP} -p 4194305", "no process 4194305: run smapstop without arguments to pick one .*")


def test_a_kernel_thread(terminal: Terminals) -> None:
    pid = kernel_thread()
    refused(terminal, f"{SMAPSTOP} -p {pid}", rf"process {pid} \(.*\) is a kernel thread, .*")


def test_a_pipe_in_place_of_the_terminal(terminal: Terminals) -> None:
    reported = "the dashboard needs a terminal, but stdout is not a terminal: use smapstop snapshot -p 1"
    window = terminal(f"bash -c 'set -o pipefail; {SMAPSTOP} -p 1 | cat'", columns=200)
    assert window.status() == 2
    window.wait_for_screen(lambda screen: screen.splitlines()[1] == f"smapstop: {reported}", reported)


def test_a_stderr_that_is_closed(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -p 1 2>&-", columns=200)
    assert window.status() == 2
    window.wait_for("but stderr is closed: use smapstop snapshot")


def test_a_terminal_without_a_cursor(terminal: Terminals) -> None:
    window = terminal(f"env TERM=dumb {SMAPSTOP} -p 1", columns=200)
    assert window.status() == 2
    window.wait_for("TERM=dumb has no cursor")


def test_a_process_of_somebody_else(terminal: Terminals) -> None:
    if Path("/proc/1").stat().st_uid == os.geteuid() != 0:
        pytest.skip("process 1 is ours")
    reported = "not permitted to read the memory map of process 1: run as its user or as root, or with .*"
    refused(terminal, f"{unprivileged_prefix()} {SMAPSTOP} -p 1", reported)
