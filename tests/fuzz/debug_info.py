"""Debugging information (.debug_info and its kin) of anybody's file: inlined calls, or that there are none."""

import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from elftools.elf.elffile import ELFFile

from smapstop.proc.callstack.debug_sections import DEBUG_SECTIONS, DebugSections
from smapstop.proc.callstack.inlined_calls import InlinedCalls
from smapstop.proc.callstack.line_program import LineHeader
from smapstop.proc.callstack.sections import SectionPart
from smapstop.proc.callstack.source_lines import CodeLine, WorkBudget

_HEAD = struct.Struct(f"<{len(DEBUG_SECTIONS)}H5H")
"""Sizes of the sections, offset of a line program, and addresses to ask for."""
_HEADER = LineHeader(1, -5, 14, b"", (b"/build",), ((b"main.c", 0), (b"a.h", 0)), True)
_MOST_NAME_BYTES = 4096
_SOURCE = """
static int g(int *p) { int n = 0; for (; *p; p++) n += *p; return n; }
static inline int f(int *p, int *q) { return p == q ? g(p) : *p + *q; }
int h(int *p, int *q) { return f(p, q) + f(q, p + 1); }
int i(int *p) { return f(p, p) + g(p); }
"""


class NoLimit(WorkBudget):
    """Budget that is never spent."""

    def spend(self, amount: int) -> None:
        assert amount >= 0


def check(data: bytes) -> None:
    """Find inlined calls at some addresses; asked again, they are the same."""
    head, content = data[: _HEAD.size].ljust(_HEAD.size, b"\0"), data[_HEAD.size :]
    *sizes, program, first, second, third, fourth = _HEAD.unpack(head)
    fd = os.memfd_create("fuzzed")
    try:
        os.write(fd, content)
        parts, at = dict[str, SectionPart](), 0
        for name, size in zip(DEBUG_SECTIONS, sizes, strict=True):
            size = min(size, len(content) - at)
            if size:
                parts[name] = SectionPart(fd, at, size)
            at += size
        calls = InlinedCalls(DebugSections(parts))
        line = CodeLine("/build/main.c:1", program, _HEADER)
        for address in (first, second, third, fourth, 2**64 - 1):
            found = calls.find(address, line, NoLimit())
            assert found == calls.find(address, line, NoLimit())
            assert all(0 < len(call.name.encode()) <= 4 * _MOST_NAME_BYTES for call in found)
    finally:
        os.close(fd)


def seeds() -> Iterator[bytes]:
    """Small files of each version of DWARF, if there is a compiler."""
    if shutil.which("cc") is None:
        return
    bare = ["-fPIC", "-shared", "-nostdlib", "-O2"]
    with tempfile.TemporaryDirectory() as directory:
        source, path = Path(directory, "a.c"), Path(directory, "a")
        source.write_text(_SOURCE)
        for version in ("-gdwarf-3", "-gdwarf-4", "-gdwarf-5"):
            if subprocess.run(["cc", "-o", path, source, *bare, version], capture_output=True).returncode == 0:
                yield _packed(path)


def _packed(path: Path) -> bytes:
    """The sections of a file, and addresses in each of its functions."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        found = [elf.get_section_by_name(name) for name in DEBUG_SECTIONS]
        contents = [section.data() if section else b"" for section in found]
        code = elf.get_section_by_name(".text")
        assert code is not None
        start, size = code["sh_addr"], code["sh_size"]
    addresses = (start + part * size // 4 for part in range(4))
    return _HEAD.pack(*map(len, contents), 0, *addresses) + b"".join(contents)
