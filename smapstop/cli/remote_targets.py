"""Targets of `--via`: processes elsewhere, found by name, checked, and listed to pick from."""

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from smapstop.cli.targets import require_memory
from smapstop.errors import SmapstopError

if TYPE_CHECKING:  # they import numpy
    from smapstop.proc.process import ProcDir
    from smapstop.proc.process_tree import ProcessStat
    from smapstop.settings import Pick


@contextmanager
def find_remote_process(via: str, pid_or_name: str) -> "Iterator[tuple[int, Callable[[int], ProcDir]]]":
    """Find a process through a command that gives a shell there.

    Yields:
        Its pid there, and what opens its directory while the shell lives.

    Raises:
        SmapstopError: The command gives no shell, or there is no such process.
    """
    from smapstop.proc.remote.process import RemoteMachine, RemoteProcDir
    from smapstop.proc.remote.processes import RemoteProcesses
    from smapstop.proc.remote.shell import RemoteShell

    with RemoteShell(via) as shell:
        machine = RemoteMachine(shell)
        yield RemoteProcesses(machine).find(pid_or_name), partial(RemoteProcDir, machine)


@contextmanager
def find_remote_family(
    via: str, pid_or_name: str
) -> "Iterator[tuple[int, Callable[[], Mapping[int, ProcessStat]], Callable[[int], ProcDir]]]":
    """Find the head of a family through a command that gives a shell there.

    Yields:
        Its pid there, and while the shell lives, what reads all processes, and what opens the directory of one.

    Raises:
        SmapstopError: The command gives no shell, there is no such process, or they are of several families.
    """
    from smapstop.proc.remote.process import RemoteMachine, RemoteMemberDir
    from smapstop.proc.remote.processes import RemoteProcesses
    from smapstop.proc.remote.shell import RemoteShell

    with RemoteShell(via) as shell:
        machine = RemoteMachine(shell)
        processes = RemoteProcesses(machine)
        yield processes.find_head(pid_or_name)[0], processes.read_tree, partial(RemoteMemberDir, machine)


def find_head(pid_or_name: str, via: str | None) -> tuple[int, bool]:
    """Find a process whose memory map can be read, here or elsewhere; of several, the head of their family.

    Returns:
        Its pid there, and whether several processes have the name.

    Raises:
        SmapstopError: The command gives no shell, there is no such process, they are of several families, or it may
            not be read.
    """
    if via is None:
        from smapstop.proc.process_lookup import find_family_head

        pid, is_family = find_family_head(pid_or_name)
        require_memory(pid)
        return pid, is_family
    from smapstop.proc.remote.process import RemoteMachine, RemoteProcDir
    from smapstop.proc.remote.processes import RemoteProcesses
    from smapstop.proc.remote.shell import RemoteShell

    with RemoteShell(via) as shell:
        machine = RemoteMachine(shell)
        pid, is_family = RemoteProcesses(machine).find_head(pid_or_name)
        RemoteProcDir(machine, pid).require_memory()
    return pid, is_family


def find_remote_pid(via: str, pid_or_name: str) -> int:
    """Find a process elsewhere whose memory map can be read, and return its pid there.

    Raises:
        SmapstopError: The command gives no shell, there is no such process, or it may not be read.
    """
    with find_remote_process(via, pid_or_name) as (pid, open_process), open_process(pid) as process:
        process.require_memory()
    return pid


@contextmanager
def pick_from(via: str | None) -> "Iterator[Pick]":
    """Offer processes to pick from, and the check of the one picked: those of here, or elsewhere while a shell lives.

    Raises:
        SmapstopError: The command gives no shell.
    """
    from smapstop.proc.process_list import list_processes
    from smapstop.proc.remote.process import RemoteMachine, RemoteProcDir
    from smapstop.proc.remote.processes import RemoteProcesses
    from smapstop.proc.remote.shell import RemoteShell
    from smapstop.settings import Pick

    if via is None:
        yield Pick(list_processes, lambda process: require_memory(process.pid))
        return
    with RemoteShell(via) as shell:
        machine = RemoteMachine(shell)
        yield Pick(
            RemoteProcesses(machine).read, lambda process: RemoteProcDir(machine, process.pid).require_memory()
        )


def require_running_one(options: argparse.Namespace, command: tuple[str, ...] | None) -> None:
    """Check that `--via` is not used to start a program.

    Raises:
        SmapstopError: It is.
    """
    if options.via is None:
        return
    if command is not None:
        raise SmapstopError("--via starts no program there", "start it yourself, then: --via COMMAND -p PID|NAME")
