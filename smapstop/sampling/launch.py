"""Start a program, stopped at the very start of its life until its first sample was taken.

Only the single-threaded sampler may do this: it runs Python between fork and exec, and ptrace(2) answers only to the
thread that forked.
"""

import ctypes
import errno
import fcntl
import os
import signal
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from smapstop.errors import SmapstopError

_TRACEME, _DETACH = 0, 17
"""Requests of ptrace(2)."""
_UNTRACED = b"u"
"""What a child reports that may not be traced (a container's seccomp filter, Yama at its strictest)."""
_TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
"""What the program is told of the terminal that the dashboard draws."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@dataclass(frozen=True, slots=True)
class Program:
    """A program that was started."""

    pid: int
    stopped_at_exec: bool
    """Not one of its instructions has run, and it waits to be released; where ptrace is forbidden it just runs."""


def launch(argv: Sequence[str], *, terminal_fd: int | None) -> Program:
    """Start a program, stopped at its exec where that is possible; it runs on when it is released.

    Args:
        argv: The program and its arguments; the program is looked for in PATH.
        terminal_fd: The slave of the pty it gets as its terminal, in a session of its own; None leaves it ours.

    Raises:
        SmapstopError: It cannot be started; status 127 when it is not found, else 126, as shells have it.
    """
    report, child_report = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if not pid:
        _become(argv, terminal_fd, child_report)
    os.close(child_report)
    said = b"".join(iter(partial(os.read, report, 64), b""))  # ends when the exec has closed the child's end
    os.close(report)
    traced = not said.startswith(_UNTRACED)
    error = said.removeprefix(_UNTRACED)
    if error or traced:
        os.waitpid(pid, 0)  # its end, or its stop
    if error:
        raise _not_started(argv[0], int(error))
    return Program(pid, stopped_at_exec=traced)


def release(program: Program) -> None:
    """Let a program run that was stopped at its exec."""
    if program.stopped_at_exec:
        _ptrace(_DETACH, program.pid)


def _become(argv: Sequence[str], terminal_fd: int | None, report: int) -> None:
    """In the child: become the program. Never returns."""
    try:
        environment = dict(os.environ)
        if terminal_fd is not None:
            os.setsid()
            fcntl.ioctl(terminal_fd, termios.TIOCSCTTY, 0)
            for fd in (0, 1, 2):
                os.dup2(terminal_fd, fd)
            environment |= _TERMINAL
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)  # Python ignores SIGPIPE; the program must not inherit that
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        try:
            _ptrace(_TRACEME, 0)
        except OSError:
            os.write(report, _UNTRACED)
        os.execvpe(argv[0], list(argv), environment)
    except OSError as error:
        os.write(report, str(error.errno or errno.EIO).encode())
    finally:
        os._exit(127)


def _ptrace(request: int, pid: int) -> None:
    """ptrace(2) without address and data.

    Raises:
        OSError: It is forbidden, or the process is gone.
    """
    if _libc.ptrace(request, pid, None, None) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _not_started(name: str, number: int) -> SmapstopError:
    """Why a program could not be started, with the exit status of a shell."""
    if number == errno.ENOENT:
        return SmapstopError(f"{name}: not found", "is it built, and is its path right?", status=127)
    if number == errno.ENOEXEC:
        return SmapstopError(f"{name}: not a program for this machine", "does a script begin with #!?", status=126)
    return SmapstopError(
        f"{name}: cannot be run ({os.strerror(number)})", "is it executable? try chmod +x", status=126
    )
