"""Words for functions: their names, their source, the file that has their code."""

from typing import Literal

from smapstop.model.callers.call_stacks import BEYOND, IN_SYSTEM_CALL
from smapstop.model.callers.carriers import plain_name
from smapstop.proc.callstack.frames import Frame
from smapstop.text.callers import frame_text
from smapstop.text.format import printable

CodeKind = Literal["program", "library", "generated", "unknown"]
"""Whose code a function is: of an executable, of a library, written at run time or interpreted, or not known."""
_PYTHON = "py::"


def code_kind(frame: Frame) -> CodeKind:
    """Whose code a function is."""
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
    return printable(plain_name(frame.name) or frame.name)


def source_text(frame: Frame) -> str:
    """Source file and line of a call, without folders: "dict.c:153", "leak.py"; empty if not known."""
    name = frame.name or ""
    if name.startswith(_PYTHON):
        return printable(_base(name[len(_PYTHON) :].partition(":")[2]))
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


def _base(path: str) -> str:
    return path.rpartition("/")[2]
