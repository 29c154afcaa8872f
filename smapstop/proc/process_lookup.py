"""Find a process by pid or name.

psutil is imported where it is used: it takes longer than all the rest, and a pid needs none of it.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smapstop.errors import SmapstopError, ambiguous_name_error, unknown_name_error
from smapstop.proc.mount import require_proc

_INTERPRETER = re.compile(
    r"(?:python|pypy|perl|ruby|lua|php|node|nodejs|bun|java|Rscript|tclsh|bash|dash|ash|ksh|zsh|fish|sh)[\d.]*t?"
)
_OPTIONS_WITH_VALUE = frozenset({"-X", "-W"})
"""Options of interpreters (of python) after which a word is not yet the script."""
_LISTED_WIDTH = 32


def find_process(pid_or_name: str) -> int:
    """The pid that is meant: digits are one, and need not exist; one of a thread (in `htop`) means its process.

    Anything else is the name of a process or of its program, as `ps` or its command line has it, or the script that
    an interpreter runs (`app.py`). smapstop itself and what started it are never meant by a name.

    Raises:
        SmapstopError: No process is called so, or several are; or /proc knows of none.
    """
    require_proc()
    if pid_or_name.isascii() and pid_or_name.isdecimal():
        return _pid_of_thread(int(pid_or_name))
    import psutil

    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    running = [process.info for process in psutil.process_iter(["pid", "name", "exe", "cmdline"])]
    called = [info for info in running if pid_or_name in _names(info)]
    called = called or [info for info in running if pid_or_name and pid_or_name == _script(info)]
    others = [info for info in called if info["pid"] not in own]
    if len(others) == 1:
        return int(others[0]["pid"])
    if others:
        candidates = [f"{info['pid']} {_short_command_line(info)}" for info in others]
        what = f"{len(others)} processes are called {pid_or_name!r}"
        raise ambiguous_name_error(what, candidates, "name one by its pid")
    if called:
        what = f"only smapstop itself and what started it are called {pid_or_name!r}"
        raise SmapstopError(what, f"name one by its pid: {', '.join(str(info['pid']) for info in called)}")
    known = {name for info in running if info["pid"] not in own for name in {*_names(info), _script(info)} if name}
    remedy = "run smapstop without arguments to pick one from a list"
    raise unknown_name_error(f"no process is called {pid_or_name!r}", pid_or_name, known, remedy)


def _pid_of_thread(number: int) -> int:
    """The pid of the process of a thread; any other number as it is."""
    try:
        told = re.search(rb"^Tgid:\s*(\d+)", Path(f"/proc/{number}/status").read_bytes(), re.MULTILINE)
    except OSError:
        return number
    return int(told[1]) if told else number


def _names(info: dict[str, Any]) -> set[str]:
    """What a process is called: its own name, its executable's, and the one in its command line."""
    arguments = info["cmdline"] or [""]
    return {info["name"] or "", Path(info["exe"] or "").name, Path(arguments[0]).name} - {""}


def _script(info: dict[str, Any]) -> str:
    """The name of the script, module or archive that an interpreter runs; empty for other programs."""
    if not any(_INTERPRETER.fullmatch(name) for name in _names(info)):
        return ""
    words: Iterator[str] = iter((info["cmdline"] or [""])[1:])
    for word in words:
        if word in _OPTIONS_WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return Path(word).name
    return ""


def _short_command_line(info: dict[str, Any]) -> str:
    """The beginning of a command line, or the name of a process that has none."""
    text = " ".join(info["cmdline"] or []).strip() or f"[{info['name']}]"
    return text if len(text) <= _LISTED_WIDTH else text[: _LISTED_WIDTH - 1] + "…"
