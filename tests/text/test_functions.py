"""Words for functions."""

import pytest

from smapstop.model.callers.call_stacks import BEYOND
from smapstop.proc.callstack.frames import Frame
from smapstop.text.functions import code_kind, function_text, module_text, source_text, whole_text

C = Frame("dictExpand", "/usr/bin/redis-server", 9, "src/dict.c:153")
CPP = Frame("std::vector<int, std::allocator<int> >::resize(unsigned long)", "/lib/libx.so.1", 9)
PYTHON = Frame("py::remember:/srv/app/leak.py", "", 0)
STRIPPED = Frame(None, "/usr/lib/libz.so.1", 0x2A1B)
JIT = Frame(None, "", 0x7F0012345678)


@pytest.mark.parametrize(
    ("frame", "name", "source", "module", "kind"),
    [
        (C, "dictExpand", "dict.c:153", "redis-server", "program"),
        (CPP, "std::vector::resize", "", "libx.so.1", "library"),
        (PYTHON, "remember", "leak.py", "code written at run time", "generated"),
        (Frame("JS:*handle /srv/app.js:3:16", "", 8), "handle", "app.js:3", "code written at run time", "generated"),
        (Frame("JS:^ /srv/app.js:5:13", "", 8), "(anonymous)", "app.js:5", "code written at run time", "generated"),
        (Frame("void Leak.<init>(int)", "", 8), "Leak.<init>", "", "code written at run time", "generated"),
        (STRIPPED, "libz.so.1+0x2a1b", "", "libz.so.1", "library"),
        (JIT, "0x7f0012345678", "", "code written at run time", "generated"),
        (BEYOND, "…", "", "", "unknown"),
    ],
)
def test_a_function_is_named_as_programmers_do(frame: Frame, name: str, source: str, module: str, kind: str) -> None:
    assert (function_text(frame), source_text(frame), module_text(frame), code_kind(frame)) == (
        name,
        source,
        module,
        kind,
    )


def test_all_that_is_known_has_the_arguments_and_the_folders() -> None:
    assert whole_text(C) == "dictExpand (src/dict.c:153) in redis-server"
    assert whole_text(CPP) == f"{CPP.name} in libx.so.1"
    assert "not known" in whole_text(BEYOND)


def test_hostile_names_are_printable() -> None:
    assert "\x1b" not in function_text(Frame("a\x1b[2Jb", "/x", 0)) + source_text(Frame("a", "/x", 0, "\x1b[2J.c:1"))
