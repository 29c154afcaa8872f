"""Starting a program so that its first sample shows the start of its life.

The child waits at a gate until we have seized it (ptrace(2)). Then it runs to its exec, where the kernel stops it
with its new memory map and not one instruction run. Letting it go is to detach: nothing of ours is left in it.

This must run in a process with one thread: Python runs between fork and exec, and the kernel takes ptrace requests
only from the thread that seized. Like under any tracer, a set-user-ID program gets no privileges.
"""

import ctypes
import errno
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from smapstop.errors import SmapstopError

_CONT, _DETACH, _SEIZE = 7, 17, 0x4206  # include/uapi/linux/ptrace.h
_EVENT_EXEC = 4
_TRACE_EXEC = 1 << _EVENT_EXEC

_libc = ctypes.CDLL(None)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True, slots=True)
class Program:
    """A child of ours that executes a program; its parent, we, must wait for it."""

    pid: int
    stopped_at_exec: bool
    """It has not run one instruction yet, and waits for `release`; where ptrace is forbidden it runs already."""


def launch(
    argv: Sequence[str],
    *,
    terminal_fd: int | None,
    stdio: Sequence[int] = (0, 1, 2),
    env: Mapping[str, str] | None = None,
) -> Program:
    """Start a program, stopped at its exec, so that its first sample shows the start of life; see `release`.

    It inherits standard input, output and error, default signals, and nothing else.

    Args:
        argv: The program, looked up in PATH unless it has a slash, and its arguments.
        terminal_fd: The slave of a pty for the program to live on, in a session of its own; None to keep ours.
        stdio: Without a pty, what shall be its standard input, output and error.
        env: Its environment. By default ours; on a pty, with that terminal's type.

    Raises:
        SmapstopError: It cannot be executed; the status is a shell's: 127 not found, 126 found.
    """
    if env is None:
        env = os.environ if terminal_fd is None else terminal_environment(os.environ)
    gate_exit, gate = os.pipe()
    report, report_entry = os.pipe()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # our handlers are not for the child
    try:
        pid = os.fork()
        if pid == 0:
            os.close(gate)
            _exec_child(argv, env, terminal_fd, stdio, gate_exit, report_entry)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(gate_exit)
        os.close(report_entry)
    with os.fdopen(gate, "wb", 0) as opener, os.fdopen(report, "rb") as reports:
        seized = _ptrace(_SEIZE, pid, _TRACE_EXEC)
        with suppress(BrokenPipeError):  # it failed before the gate, and the report says how
            opener.write(b"!")
        stopped = seized and _wait_for_exec(pid)
        refusal = reports.read()
    if refusal:
        if not seized:
            os.waitpid(pid, 0)
        raise _exec_error(argv[0], int(refusal))
    if seized and not stopped:
        raise SmapstopError(f"{argv[0]} was killed before it began")
    return Program(pid, stopped)


def release(program: Program) -> None:
    """Let a program run that `launch` stopped; it may have been killed meanwhile."""
    if program.stopped_at_exec:
        _ptrace(_DETACH, program.pid)


def terminal_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program on a pty of ours: the pane's kind of terminal, which tells its size itself."""
    inherited = {name: value for name, value in env.items() if name not in {"LINES", "COLUMNS"}}
    return inherited | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def _exec_child(
    argv: Sequence[str], env: Mapping[str, str], terminal_fd: int | None, stdio: Sequence[int], gate: int, report: int
) -> NoReturn:
    """The child's part: take the terminal, pass the gate, and become the program, or report the errno."""
    try:
        if terminal_fd is not None:
            os.login_tty(terminal_fd)
        else:
            for target, fd in enumerate(stdio):
                os.dup2(fd, target)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        for name in os.listdir("/proc/self/fd"):
            with suppress(OSError):  # the directory's own
                os.set_inheritable(int(name), int(name) <= 2)
        if os.read(gate, 1):  # else our parent is gone
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.execvpe(argv[0], list(argv), env)
    except OSError as error:
        os.write(report, b"%d" % (error.errno or errno.EINVAL))
    except ValueError:  # no name at all
        os.write(report, b"%d" % errno.ENOENT)
    finally:
        os._exit(127)


def _wait_for_exec(pid: int) -> bool:
    """Wait until a seized child stops at its exec; False when it ended before, and is reaped."""
    while True:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return False
        event = status >> 16
        if event == _EVENT_EXEC:
            return True
        _ptrace(_CONT, pid, 0 if event else os.WSTOPSIG(status))  # a signal on its way: let it arrive


def _ptrace(request: int, pid: int, data: int = 0) -> bool:
    """Whether a ptrace request was granted."""
    granted: bool = _libc.ptrace(request, pid, 0, data) == 0
    return granted


def _exec_error(name: str, number: int) -> SmapstopError:
    """Why a program could not be executed, in a shell's words."""
    exists = bool(name) and Path(name).exists()
    if number not in {errno.ENOENT, errno.ENOTDIR}:
        why = "it is a directory" if Path(name).is_dir() else os.strerror(number).lower()
        return SmapstopError(f"cannot execute {name}", why, status=126)
    if exists and "/" in name:
        return SmapstopError(f"cannot execute {name}", "the interpreter that it names does not exist", status=126)
    remedy = f"did you mean ./{name}?" if exists else "check the spelling, or give its path"
    return SmapstopError(f"{name} is not found", remedy, status=127)
