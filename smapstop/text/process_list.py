"""Columns of the process list, and which processes the user may watch."""

import os
import pwd
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.process import access_remedy
from smapstop.proc.process_info import ProcessInfo
from smapstop.proc.program_title import title_of
from smapstop.text import format as fmt


def require_own(process: ProcessInfo) -> None:
    """Check, by its owner and by whether it could be opened, that the memory map of a process may be read.

    Raises:
        SmapstopError: It may not.
    """
    uid = os.geteuid()
    if process.is_readable or (process.is_readable is None and (uid == 0 or process.user in (None, _name_of(uid)))):
        return
    if uid == 0 or process.user in (None, _name_of(uid)):
        raise SmapstopError(f"{process.name} ({process.pid}) may not be read", access_remedy())
    what = f"{process.name} ({process.pid}) belongs to {process.user}"
    raise SmapstopError(what, "run smapstop as root" + ("" if process.user == "root" else f" or as {process.user}"))


@cache
def _name_of(uid: int) -> str:
    """User name, or the uid as text if it has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def may_be_watched(process: ProcessInfo) -> bool:
    """Whether the memory map may be read, as far as that is known without reading it."""
    try:
        require_own(process)
    except SmapstopError:
        return False
    return True


def unreadable_text() -> str:
    """What the list says above processes that may not be watched."""
    return "may not be read here" if os.geteuid() == 0 else "may not be read: run smapstop as root to watch these"


def command_of(process: ProcessInfo) -> str:
    """Command line, or the name in brackets if it is empty, as in `ps`."""
    return " ".join(process.command_line).strip() or f"[{process.name}]"


def command_or_refusal(process: ProcessInfo) -> str:
    """Command line, or the reason why the process cannot be watched."""
    try:
        require_own(process)
    except SmapstopError as error:
        return str(error)
    return command_of(process)


def matches(process: ProcessInfo, words: Sequence[str]) -> bool:
    """Whether every word (in lower case) occurs in the pid, the name, or the command line."""
    text = f"{process.pid} {process.name} {command_of(process)}".lower()
    return all(word in text for word in words)


@dataclass(frozen=True, slots=True)
class ProcessColumn:
    """A column of the process list."""

    title: str
    width: int
    """Cells; 0 for the last column, which takes the rest of the line."""
    text: Callable[[ProcessInfo], str]
    sort_key: Callable[[ProcessInfo], Any]
    """Sort key."""
    right: bool = False
    descending: bool = False
    """Default sort direction."""
    optional: bool = False
    """Dropped on a narrow terminal."""


def _age(process: ProcessInfo) -> str:
    return fmt.UNKNOWN if process.start_time is None else fmt.duration(time.time() - process.start_time)


def _title(process: ProcessInfo) -> str:
    return title_of(process.name, process.command_line)


PROCESS_COLUMNS = (
    ProcessColumn("PID", 7, lambda p: str(p.pid), lambda p: p.pid, right=True),
    ProcessColumn("USER", 9, lambda p: p.user or fmt.UNKNOWN, lambda p: p.user or "", optional=True),
    ProcessColumn("NAME", 18, lambda p: fmt.shorten_middle(_title(p), 18), lambda p: _title(p).lower()),
    ProcessColumn("RSS", 6, lambda p: fmt.amount(p.rss_kb), lambda p: p.rss_kb or 0, right=True, descending=True),
    ProcessColumn("AGE", 7, _age, lambda p: -(p.start_time or 0), right=True, optional=True),
    ProcessColumn("COMMAND", 0, command_of, lambda p: command_of(p).lower()),
)
