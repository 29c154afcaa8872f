"""The code of a program that may be anybody's: its tables of frames and lines, its names, and the stack itself."""

import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

from smapstop.proc.callstack.code_file import CodeFile
from smapstop.proc.callstack.code_map import CodeMapping, parse_code_map
from smapstop.proc.callstack.frame_names import FrameNames
from smapstop.proc.callstack.perf_map import PerfMap
from smapstop.proc.callstack.process_code import CodePlace, ProcessCode
from smapstop.proc.callstack.registers import AARCH64, X86_64, Architecture
from smapstop.proc.callstack.source_lines import WorkBudget
from smapstop.proc.callstack.unwind import MAX_FRAMES, Unwinder
from smapstop.proc.elf.mapped_files import ElfCache

LOADED_AT = 0x400000
STACK_AT = 0x7FFD_0000_0000
MOST_NAME_CHARACTERS = 4 * 1024 + 16
_HEAD = struct.Struct("<BB6H")
"""Kind, register that is changed, six values for pc, frame pointer and the first words of the stack."""
FILE, MAP, LINES = range(3)


def check(data: bytes) -> None:
    """Take the head for registers and stack, and the rest for a file, a perf map, or the lines of /proc/PID/maps."""
    head, rest = data[: _HEAD.size].ljust(_HEAD.size, b"\0"), data[_HEAD.size :]
    kind, *values = _HEAD.unpack(head)
    if kind % 3 == FILE:
        for architecture in (X86_64, AARCH64):
            _check_file(rest, architecture, values)
    elif kind % 3 == MAP:
        _check_perf_map(rest, values)
    else:
        for mapping in parse_code_map(rest).mappings:
            assert mapping.start >= 0
            parse_code_map(rest).find(mapping.start)


def _check_file(content: bytes, architecture: Architecture, values: list[int]) -> None:
    """Unwind a stack whose addresses are all in a file, and name them."""
    fd = os.memfd_create("fuzzed")
    os.write(fd, content)
    file = CodeFile(fd, architecture, ElfCache())
    try:
        code = _code_of(file, len(content), architecture)
        registers = [STACK_AT] * architecture.perf_mask.bit_count()
        registers[architecture.sample_order[architecture.pc]] = LOADED_AT + values[1]
        registers[architecture.sample_order[architecture.frame_pointer]] = STACK_AT + values[2]
        words = [LOADED_AT + value for value in values[3:]] + [STACK_AT + 8 * at for at in range(60)]
        stack = Unwinder(code).unwind(tuple(registers), struct.pack(f"<{len(words)}Q", *words))
        assert 0 < len(stack.addresses) <= MAX_FRAMES
        names = FrameNames(code)
        frames = names.frames(stack.addresses)
        names.begin_tick()
        assert len(frames) >= len(stack.addresses)
        assert all(len(frame.name or "") <= MOST_NAME_CHARACTERS for frame in frames)
        for value in values:
            file.rule_at(value)
            file.function_at(value)
            try:
                file.source_at(value, WorkBudget())
            except BlockingIOError:
                assert len(content) > 1000
    finally:
        file.close()


def _code_of(file: CodeFile, size: int, architecture: Architecture) -> ProcessCode:
    """Code of a process that has one file, loaded as it is."""
    mapping = CodeMapping(LOADED_AT, LOADED_AT + size + 4096, 0, "0:1", 1, "/fuzzed")

    def find(address: int) -> CodePlace | None:
        known = mapping.start <= address < mapping.end
        return CodePlace(mapping, file, file.address_of(address - LOADED_AT)) if known else None

    return Mock(spec=ProcessCode, architecture=architecture, version=0, find=find)


def _check_perf_map(content: bytes, values: list[int]) -> None:
    """Find names in the lines of a perf map, of which each is in its function."""
    names = PerfMap(Mock(read=Mock(side_effect=ProcessLookupError)))
    half = len(content) // 2
    for lines in (content[:half], content[half:]):
        names.add_lines(lines)
    for value in values:
        entry = names.find(value)
        assert entry is None or (entry.start <= value < entry.end and len(entry.name) <= MOST_NAME_CHARACTERS)


def seeds() -> Iterator[bytes]:
    """A perf map, some lines of maps, and small files with all that is read of one, if there is a compiler."""
    head = _HEAD.pack(FILE, 0, 0x1010, 64, 0x1000, 0x1020, 0x1001, 0x1011)
    yield (
        _HEAD.pack(MAP, 0, *range(0, 96, 16))
        + b"10 20 py::f:a.py\n0x18 0x8 JS:*g\n18 ffffffffffffffff \xff\n20 4 h\n"
    )
    yield (
        _HEAD.pack(LINES, 0, *[0] * 6) + b"55d0-55d1 r-xp 00000000 00:00 12   /bin/a (deleted)\n7f-80 rwxs 0 0:0 0\n"
    )
    if shutil.which("cc") is None:
        return
    bare = ["-fPIC", "-shared", "-nostdlib", "-Wl,-z,max-page-size=4096", "-Wl,-z,noseparate-code", "-O1"]
    with tempfile.TemporaryDirectory() as directory:
        source, file = Path(directory, "a.c"), Path(directory, "a")
        source.write_text("int f(int *p) { return *p; }\nint g(int *p) { return f(p) + 1; }\n")
        for more in (["-g"], ["-gdwarf-4"], ["-g", "-gz"], ["-s"], ["-Wl,--no-eh-frame-hdr"]):
            if subprocess.run(["cc", "-o", file, source, *bare, *more], capture_output=True).returncode == 0:
                yield head + file.read_bytes()
