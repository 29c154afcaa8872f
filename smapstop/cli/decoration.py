"""Environment variables of `--decorate`: they make a program name its memory and functions; others ignore them."""

import os
import re
import shutil
from collections.abc import Mapping

GLIBC_NAMES = "glibc.mem.decorate_maps=1"
"""Tunable of glibc 2.39 with which it names its memory."""
PYTHON_NAMES = "PYTHONPERFSUPPORT"
"""Variable with which Python gives each of its functions a frame of its own, and writes their names for perf."""
_FIRST_PYTHON_WITH_NAMES = 12
"""Python 3.12."""
_PYTHON = re.compile(r"python3\.(\d+)[a-z]*")
_SHEBANG_BYTES = 256
_MAX_INTERPRETERS = 4
"""Scripts that are run by scripts, as in Linux (BINPRM_MAX_RECURSION)."""


def decorations(command: tuple[str, ...], inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that `--decorate` sets for a command, given what it would inherit."""
    tunables = ":".join(filter(None, (inherited.get("GLIBC_TUNABLES"), GLIBC_NAMES)))
    variables = {"GLIBC_TUNABLES": tunables}
    if can_name_functions(command[0], inherited.get("PATH")):
        variables[PYTHON_NAMES] = "1"
    return variables


def can_name_functions(program: str, path: str | None = None) -> bool:
    """Whether a program is Python 3.12 or newer, or a script for it, as far as the names of files show."""
    for _ in range(_MAX_INTERPRETERS):
        found = shutil.which(program, path=path)
        if found is None:
            return False
        if version := _PYTHON.fullmatch(os.path.basename(os.path.realpath(found))):  # noqa: PTH119  of a str
            return int(version[1]) >= _FIRST_PYTHON_WITH_NAMES
        interpreter = _interpreter_of(found)
        if interpreter is None:
            return False
        program = interpreter
    return False


def _interpreter_of(script: str) -> str | None:
    """Return the interpreter in the first line of a script; `None` if it is none."""
    try:
        with open(script, "rb") as file:
            line = file.read(_SHEBANG_BYTES).partition(b"\n")[0]
    except OSError:
        return None
    words = os.fsdecode(line).removeprefix("#!").split()
    if not line.startswith(b"#!") or not words:
        return None
    if not words[0].endswith("/env"):
        return words[0]
    return next((word for word in words[1:] if not word.startswith("-") and "=" not in word), None)
