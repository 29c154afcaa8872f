"""Target and pace of a verb: a running process that may be read, or a program that can be started."""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.config.preferences import NO_PREFERENCES, Preferences
from smapstop.cli.decoration import PYTHON_NAMES, decorations
from smapstop.errors import SmapstopError
from smapstop.model.protocol import Pace

if TYPE_CHECKING:  # it imports numpy
    from smapstop.source.live import LiveSource

Command = tuple[str, ...] | None
"""The words after `--`; None without `--`."""


def pace_of(options: argparse.Namespace, preferences: Preferences = NO_PREFERENCES) -> Pace:
    """Sampling interval and CPU budget from the options, else from the preferences."""
    default = Pace()
    interval = options.interval if options.interval is not None else preferences.interval
    budget = options.budget if options.budget is not None else preferences.budget
    return Pace(
        default.interval_ns if interval is None else round(interval * 1e9),
        default.budget if budget is None else budget / 100,
    )


def environment(command: tuple[str, ...], *, decorate: bool) -> dict[str, str]:
    """Environment of a program to launch; report on stderr what it changes for Python.

    Args:
        command: The program and its arguments.
        decorate: Make glibc name its memory, and Python its functions.
    """
    inherited = dict(os.environ)
    if not decorate:
        return inherited
    added = decorations(command, inherited)
    if PYTHON_NAMES in added:
        print(f"smapstop: {PYTHON_NAMES}=1: Python names its functions in /tmp/perf-PID.map", file=sys.stderr)
    return inherited | added


def require_command_to_decorate(options: argparse.Namespace, command: Command) -> None:
    """Check that `--decorate` is given with a program to start.

    Raises:
        SmapstopError: It is not.
    """
    if options.decorate and command is None:
        what = "--decorate needs a program to start, since the environment of a running one is fixed"
        raise SmapstopError(what, "give -- COMMAND")


@contextmanager
def start_sampler(terminal: tuple[int, int] | None = None) -> "Iterator[LiveSource]":
    """Start the sampler first, so that it gets ready while the dashboard is imported."""
    from smapstop.source.live import LiveSource

    with closing(LiveSource(terminal)) as source:
        yield source


def find_watchable_process(pid_or_name: str) -> int:
    """Find a process whose memory map can be read, and return its pid.

    Raises:
        SmapstopError: There is no such process, or it may not be read.
    """
    from smapstop.proc.process_lookup import find_process

    pid = find_process(pid_or_name)
    require_memory(pid)
    return pid


def require_memory(pid: int) -> None:
    """Check that the memory map of a process can be read.

    Raises:
        SmapstopError: It cannot.
    """
    from smapstop.proc.process import ProcDir

    with ProcDir(pid) as process:
        process.require_memory()


def require_executable(name: str) -> None:
    """Check that a command can be started; errors have the exit status of a shell.

    Raises:
        SmapstopError: The command does not exist (127), or is not executable (126).
    """
    if "/" not in name:
        if shutil.which(name) is not None:
            return
        local = shutil.which(f"./{name}")
        remedy = f"did you mean: smapstop -- {shlex.quote(local)}" if local else "is it spelled right, and in PATH?"
        raise SmapstopError(f"no command {name!r}", remedy, status=127)
    path = Path(name)
    if not path.exists():
        raise SmapstopError(f"no file {name!r}", "is it built, and is the path right?", status=127)
    if path.is_dir():
        raise SmapstopError(f"{name!r} is a directory", "name the program in it", status=126)
    if not os.access(path, os.X_OK):
        raise SmapstopError(f"{name!r} is not executable", f"chmod +x {shlex.quote(name)}", status=126)
