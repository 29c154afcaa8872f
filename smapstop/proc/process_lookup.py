"""Find a process by pid or name.

psutil is imported where it is used: it is the slowest import, and watching a pid does not need it.
"""

import os
import re
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from smapstop.errors import SmapstopError, ambiguous_name_error, closest_names, unknown_name_error
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.mount import require_proc
from smapstop.proc.process_tree import ProcessStat, ancestors_of, read_processes
from smapstop.proc.program_title import interpreter_of, script_of

_LISTED_WIDTH = 32


@dataclass(frozen=True, slots=True)
class FoundProcess:
    """A process that has the name."""

    pid: int
    command_line: str
    """Its beginning."""


def find_process(pid_or_name: str) -> int:
    """Resolve a pid or name to a pid. Digits are a pid, which may not exist; a thread id means its process.

    Anything else is the name of a process or of its program, as in `ps` or on its command line, or the script that
    an interpreter runs (`app.py`). A name never matches smapstop itself or its parent processes.

    Raises:
        SmapstopError: No process has that name, or several have; or /proc is not usable.
    """
    return require_one(_find_processes(pid_or_name), pid_or_name).pid


def require_one(found: Sequence[FoundProcess], name: str) -> FoundProcess:
    """Return the process that was found.

    Raises:
        SmapstopError: There are several.
    """
    if len(found) == 1:
        return found[0]
    raise ambiguous_name_error(
        f"{len(found)} processes are named {name!r}",
        [f"{each.pid} {each.command_line}" for each in found],
        "give the pid of one",
    )


def find_family_head(pid_or_name: str) -> tuple[int, bool]:
    """Resolve a pid or name to a pid, as `find_process`; of several, to the one from which all others descend.

    Returns:
        The pid, and whether several processes have the name.

    Raises:
        SmapstopError: No process has that name, or they are of several families; or /proc is not usable.
    """
    return head_of(_find_processes(pid_or_name), read_processes(), pid_or_name)


def head_of(found: Sequence[FoundProcess], processes: Mapping[int, ProcessStat], name: str) -> tuple[int, bool]:
    """Return the pid of the one of several processes from which all others descend, and whether there are others.

    Args:
        found: The processes that have the name, at least one.
        processes: All processes, by pid.
        name: The name.

    Raises:
        SmapstopError: They are of several families.
    """
    pids = {each.pid for each in found}
    heads = [each for each in found if pids.isdisjoint(ancestors_of(each.pid, processes))]
    if len(heads) == 1:
        return heads[0].pid, len(found) > 1
    raise ambiguous_name_error(
        f"{len(heads)} families are named {name!r}",
        [f"{each.pid} {each.command_line}" for each in heads],
        "give the pid of the head of one",
    )


def _find_processes(pid_or_name: str) -> list[FoundProcess]:
    """Find all processes with a name, at least one; digits are the pid of one.

    Raises:
        SmapstopError: No process has that name; or /proc is not usable.
    """
    require_proc()
    if pid_or_name.isascii() and pid_or_name.isdecimal():
        return [FoundProcess(_pid_of_thread(int(pid_or_name)), "")]
    import psutil

    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    running = [process.info for process in psutil.process_iter(["pid", "name", "exe", "cmdline"])]
    return processes_named(pid_or_name, running, own)


def processes_named(name: str, running: Sequence[Mapping[str, Any]], own: Set[int]) -> list[FoundProcess]:
    """Find the processes with a name among all that run, at least one; see `find_process`.

    Args:
        name: The name.
        running: All processes: `pid`, `name`, `exe` and `cmdline` of each, as psutil has them.
        own: Pids of smapstop and its parents.

    Raises:
        SmapstopError: No process has that name.
    """
    matches = [info for info in running if name in _names(info)]
    matches = matches or [info for info in running if name and name == _script(info)]
    others = [info for info in matches if info["pid"] not in own]
    if others:
        return [FoundProcess(int(info["pid"]), _short_command_line(info)) for info in others]
    if matches:
        what = f"only smapstop itself and its parent processes are named {name!r}"
        raise SmapstopError(what, f"give the pid of one: {', '.join(str(info['pid']) for info in matches)}")
    others = [info for info in running if info["pid"] not in own]
    known = {close for info in others for close in closest_names(name, all_names(info))[:1]}
    remedy = "run smapstop without arguments to pick one from a list"
    raise unknown_name_error(f"no process is named {name!r}", name, known, remedy)


def _pid_of_thread(number: int) -> int:
    """Return the pid of the process that a thread id belongs to; any other number unchanged."""
    try:
        tgid = re.search(rb"^Tgid:\s*(\d+)", Path(f"/proc/{number}/status").read_bytes(), re.MULTILINE)
    except OSError:
        return number
    return int(tgid[1]) if tgid else number


def _names(info: Mapping[str, Any]) -> set[str]:
    """Return the names of a process: its comm, its executable's name, and that of its first argument."""
    arguments = info["cmdline"] or [""]
    return {info["name"] or "", Path(info["exe"] or "").name, Path(arguments[0]).name} - {""}


def all_names(info: Mapping[str, Any]) -> set[str]:
    """Return the names of a process, and of the script that it runs."""
    return {*_names(info), _script(info)} - {""}


def _script(info: Mapping[str, Any]) -> str:
    """Return the name of the script, module or archive that an interpreter runs; empty for other programs."""
    interpreter = next(filter(None, map(interpreter_of, sorted(_names(info)))), None)
    return script_of(interpreter, (info["cmdline"] or [""])[1:]) if interpreter else ""


def _short_command_line(info: Mapping[str, Any]) -> str:
    """Return the beginning of a command line, or the name of a process that has none."""
    text = " ".join(info["cmdline"] or []).strip() or f"[{info['name']}]"
    return text if len(text) <= _LISTED_WIDTH else text[: _LISTED_WIDTH - 1] + "…"
