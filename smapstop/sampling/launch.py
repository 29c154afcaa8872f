"""Launch a program stopped at its exec, so that the first sample shows its initial memory map.

The child waits at a gate (a pipe) until we have seized it (ptrace(2)). It then runs to its exec, where the kernel
stops it with its new memory map before the first instruction. Releasing it is a detach: nothing of ours stays in it.

Call this in a single-threaded process: Python runs between fork and exec, and the kernel accepts ptrace requests
only from the thread that seized. As under any tracer, a set-user-ID program gets no privileges.
"""

import ctypes
import errno
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass

_CONT, _DETACH, _SEIZE = 7, 17, 0x4206  # include/uapi/linux/ptrace.h
_EVENT_EXEC = 4
_TRACE_EXEC = 1 << _EVENT_EXEC

_libc = ctypes.CDLL(None)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True, slots=True)
class Program:
    """A launched program: our child, which we must reap."""

    pid: int
    stopped_at_exec: bool
    """Stopped before its first instruction until `release`; False where ptrace is forbidden: it already runs."""


def launch(
    argv: Sequence[str],
    *,
    terminal_fd: int | None,
    stdio: Sequence[int] = (0, 1, 2),
    env: Mapping[str, str] | None = None,
) -> Program:
    """Start a program and stop it at its exec; `release` lets it run.

    It has standard input, output and error and default signal handling; no other fd is inherited.

    Args:
        argv: The program, looked up in PATH unless it contains a slash, and its arguments.
        terminal_fd: Slave of the program's pty, on which it leads its own session; None to stay on our terminal.
        stdio: Without a pty, the fds for its standard input, output and error.
        env: Its environment. Default: ours; on a pty with TERM of the program pane.

    Raises:
        SmapstopError: It cannot be executed; status as of a shell: 127 not found, 126 not executable. Or there are
            too many processes.
    """
    if env is None:
        env = os.environ if terminal_fd is None else terminal_environment(os.environ)
    gate_exit, gate = os.pipe()
    report, report_entry = os.pipe()
    with os.fdopen(gate, "wb", 0) as opener, os.fdopen(report, "rb") as reports:
        # our handlers must not run in the child
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            pid = os.fork()
            if pid == 0:
                os.close(gate)
                _exec_child(argv, env, terminal_fd, stdio, gate_exit, report_entry)
        except OSError as error:  # as with too many processes
            raise SmapstopError(f"cannot start {argv[0]}: {error.strerror}") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(gate_exit)
            os.close(report_entry)
        seized = _ptrace(_SEIZE, pid, _TRACE_EXEC)
        with suppress(BrokenPipeError):  # it failed before the gate; the report has the errno
            opener.write(b"!")
        stopped = seized and _wait_for_exec(pid)
        exec_errno = reports.read()
    if exec_errno:
        if not seized:
            os.waitpid(pid, 0)
        raise _exec_error(argv[0], int(exec_errno))
    if seized and not stopped:
        raise SmapstopError(f"{argv[0]} was killed before it started")
    return Program(pid, stopped)


def release(program: Program) -> None:
    """Let a program run that `launch` stopped; no error if it was killed meanwhile."""
    if program.stopped_at_exec:
        _ptrace(_DETACH, program.pid)


def terminal_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Environment for a program on our pty: TERM of the pane, and no LINES or COLUMNS, since the pty has its size."""
    inherited = {name: value for name, value in env.items() if name not in {"LINES", "COLUMNS"}}
    return inherited | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def _exec_child(
    argv: Sequence[str], env: Mapping[str, str], terminal_fd: int | None, stdio: Sequence[int], gate: int, report: int
) -> NoReturn:
    """In the child: set up the terminal or stdio, pass the gate, and exec; report the errno on failure."""
    try:
        if terminal_fd is not None:
            os.login_tty(terminal_fd)
        else:
            for target, fd in enumerate(stdio):
                os.dup2(fd, target)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        for name in os.listdir("/proc/self/fd"):
            with suppress(OSError):  # the fd of this directory is already closed
                os.set_inheritable(int(name), int(name) <= 2)
        if os.read(gate, 1):  # else the parent is gone
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.execvpe(argv[0], list(argv), env)
    except OSError as error:
        os.write(report, b"%d" % (error.errno or errno.EINVAL))
    except ValueError:  # an empty name
        os.write(report, b"%d" % errno.ENOENT)
    finally:
        os._exit(127)


def _wait_for_exec(pid: int) -> bool:
    """Wait until a seized child stops at its exec; False when it ended before and was reaped."""
    while True:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return False
        event = status >> 16
        if event == _EVENT_EXEC:
            return True
        _ptrace(_CONT, pid, 0 if event else os.WSTOPSIG(status))  # a signal-delivery stop: deliver the signal


def _ptrace(request: int, pid: int, data: int = 0) -> bool:
    """Make a ptrace request; whether it was granted."""
    granted: bool = _libc.ptrace(request, pid, 0, data) == 0
    return granted


def _exec_error(name: str, number: int) -> SmapstopError:
    """Error for a program that could not be executed, worded and numbered as by a shell."""
    exists = bool(name) and Path(name).exists()
    if number not in {errno.ENOENT, errno.ENOTDIR}:
        reason = "it is a directory" if Path(name).is_dir() else os.strerror(number).lower()
        return SmapstopError(f"cannot execute {name}", reason, status=126)
    if exists and "/" in name:
        return SmapstopError(f"cannot execute {name}", "the interpreter it names does not exist", status=126)
    remedy = f"did you mean ./{name}?" if exists else "check the spelling or give its path"
    return SmapstopError(f"{name} was not found", remedy, status=127)
