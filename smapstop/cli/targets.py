"""Whom a verb watches, and how often: a running process that may be looked at, or a program that can be started."""

import argparse
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.config.preferences import NO_PREFERENCES, Preferences
from smapstop.errors import SmapstopError
from smapstop.model.protocol import Pace

if TYPE_CHECKING:  # it imports numpy
    from smapstop.source.live import LiveSource

Command = tuple[str, ...] | None
"""What stands after `--`; None without one."""


def pace_of(options: argparse.Namespace, preferences: Preferences = NO_PREFERENCES) -> Pace:
    """How often to sample, and what it may cost: by the options, else as the user would rather have it."""
    usual = Pace()
    interval = options.interval if options.interval is not None else preferences.interval
    budget = options.budget if options.budget is not None else preferences.budget
    return Pace(
        usual.interval_ns if interval is None else round(interval * 1e9),
        usual.budget if budget is None else budget / 100,
    )


def environment(*, decorate: bool) -> dict[str, str]:
    """The environment for a program that is started.

    Args:
        decorate: Whether glibc shall name its memory: the tunable of glibc 2.39, which older ones pass over.
    """
    inherited = dict(os.environ)
    if not decorate:
        return inherited
    tunables = ":".join(filter(None, (inherited.get("GLIBC_TUNABLES"), "glibc.mem.decorate_maps=1")))
    return inherited | {"GLIBC_TUNABLES": tunables}


def require_command_to_decorate(options: argparse.Namespace, command: Command) -> None:
    """Make sure that `--decorate` has a program to be given to.

    Raises:
        SmapstopError: It has none.
    """
    if options.decorate and command is None:
        what = "--decorate is for a program that is started: one that runs has its environment already"
        raise SmapstopError(what, "give -- COMMAND")


@contextmanager
def start_sampler(terminal: tuple[int, int] | None = None) -> "Iterator[LiveSource]":
    """The sampler, started before anything else: it gets ready while the dashboard is imported."""
    from smapstop.source.live import LiveSource

    with closing(LiveSource(terminal)) as source:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy starts threads that we do not need
        yield source


def find_watchable_process(pid_or_name: str) -> int:
    """The pid of a process that can be watched.

    Raises:
        SmapstopError: There is none, or it may not be looked at.
    """
    from smapstop.proc.process_lookup import find_process

    pid = find_process(pid_or_name)
    require_memory(pid)
    return pid


def require_memory(pid: int) -> None:
    """Make sure that a process can be watched.

    Raises:
        SmapstopError: It cannot.
    """
    from smapstop.proc.process import ProcDir

    with ProcDir(pid) as process:
        process.require_memory()


def require_executable(name: str) -> None:
    """Make sure that a command can be started, in the shell's words and with its exit status.

    Raises:
        SmapstopError: There is no such command (127), or it cannot be executed (126).
    """
    if "/" not in name:
        if shutil.which(name) is not None:
            return
        here = shutil.which(f"./{name}")
        remedy = f"did you mean: smapstop -- {shlex.quote(here)}" if here else "is it spelled right, and in PATH?"
        raise SmapstopError(f"no command {name!r}", remedy, status=127)
    path = Path(name)
    if not path.exists():
        raise SmapstopError(f"no file {name!r}", "is it built, and is the path right?", status=127)
    if path.is_dir():
        raise SmapstopError(f"{name!r} is a directory", "name the program in it", status=126)
    if not os.access(path, os.X_OK):
        raise SmapstopError(f"{name!r} may not be executed", f"chmod +x {shlex.quote(name)}", status=126)
