"""Text of functions: name, source, and the file of their code."""

import re
from collections.abc import Sequence
from typing import Literal

from smapstop.model.callers.call_stacks import BEYOND, IN_SYSTEM_CALL
from smapstop.model.callers.skip_rules import plain_name
from smapstop.proc.callstack.frames import Frame
from smapstop.text.callers import CALLED_BY, frame_text
from smapstop.text.format import cell_width, printable

CodeKind = Literal["program", "library", "generated", "unknown"]
"""Whose code a function is: of an executable, of a library, written at run time or interpreted, or not known."""
_PYTHON = "py::"
_JAVASCRIPT = re.compile(
    r"(?:JS|LazyCompile|Function|Script|Eval):[~*^+]?(?P<name>\S*)(?: (?P<path>.*):(?P<line>\d+):\d+)?"
)
"""Names by V8: how the function is compiled, its name, and where it begins."""


def code_kind(frame: Frame) -> CodeKind:
    """Kind of a function's code: of the program, of a library, written at run time."""
    if frame in (BEYOND, IN_SYSTEM_CALL):
        return "unknown"
    if not frame.file or (frame.name or "").startswith(_PYTHON):
        return "generated"
    return "library" if ".so" in _base(frame.file) else "program"


def function_text(frame: Frame) -> str:
    """Name of a function, without its arguments; its place if it has none: "dictExpand", "libc.so.6+0x2a1b"."""
    if frame == BEYOND:
        return "…"
    if frame.name is None:
        return frame_text(frame)
    if frame.name.startswith(_PYTHON):
        return printable(frame.name[len(_PYTHON) :].partition(":")[0])
    if script := _JAVASCRIPT.fullmatch(frame.name):
        return printable(script["name"]) or "(anonymous)"
    return printable(plain_name(frame.name) or frame.name)


def source_text(frame: Frame) -> str:
    """Source file and line of a call, without folders: "dict.c:153", "leak.py"; empty if not known."""
    name = frame.name or ""
    if name.startswith(_PYTHON):
        return printable(_base(name[len(_PYTHON) :].partition(":")[2]))
    if (script := _JAVASCRIPT.fullmatch(name)) and script["path"]:
        return printable(f"{_base(script['path'])}:{script['line']}")
    return printable(_base(frame.source)) if frame.source else ""


def module_text(frame: Frame) -> str:
    """File that has the code, without folders; what else there is to say."""
    if frame in (BEYOND, IN_SYSTEM_CALL):
        return ""
    return printable(_base(frame.file)) or "code written at run time"


def whole_text(frame: Frame) -> str:
    """All that is known of a function: "dictExpand (src/dict.c:153) in redis-server"."""
    if frame == BEYOND:
        return "… further callers are not known: the stack was cut, or was not sampled here"
    if frame == IN_SYSTEM_CALL:
        return "a system call; by whom was not sampled"
    source = frame.source or source_text(frame)
    return f"{frame_text(frame)}{f' ({printable(source)})' if source else ''} in {module_text(frame)}"


def chain_text(frames: Sequence[Frame], width: int) -> str:
    """Callers one after the other, as many as fit, with `…` for the others."""
    text = ""
    for at, frame in enumerate(frames):
        longer = f"{text}{CALLED_BY}{function_text(frame)}"
        rest = f"{CALLED_BY}…" if at < len(frames) - 1 else ""
        if cell_width(longer + rest) > width:
            return f"{text}{CALLED_BY}…" if cell_width(text) + len(CALLED_BY) + 1 <= width else ""
        text = longer
    return text


def _base(path: str) -> str:
    return path.rpartition("/")[2]
