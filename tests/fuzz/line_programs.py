"""Line number programs (.debug_line) of anybody's file, versions 2 to 5: rows in order, or that they are damaged."""

import os
import struct
from collections.abc import Iterator

import numpy as np

from smapstop.proc.callstack.line_program import LineSections, read_header, run_program
from smapstop.proc.callstack.sections import SectionPart

TEXTS = b"/build\0main.c\0" + b"x" * 300 + b"\0"
_fd = os.memfd_create("texts")
os.write(_fd, TEXTS)
_PART = SectionPart(_fd, 0, len(TEXTS))
SECTIONS = LineSections(_PART, _PART, _PART)


def check(data: bytes) -> None:
    """Read a unit, run its program, and find lines."""
    try:
        header, program = read_header(SECTIONS, data)
        rows = run_program(header, program)
    except ValueError:
        return
    assert len(rows.addresses) == len(rows.files) == len(rows.lines)
    assert (np.diff(rows.addresses.astype(object)) >= 0).all()
    for address in (0, 0x401000, 2**64 - 1, *rows.addresses[:3].tolist()):
        found = rows.find(address)
        assert found is None or found[1] > 0
    for number in range(5):
        path = header.path(number)
        assert path is None or len(path) <= 4 * len(data) + 4 * len(TEXTS) * 2


def _unit(version: int, tables: bytes, program: bytes) -> bytes:
    counts = b"\0\1\1\1\1\0\0\0\1\0\0\1"
    after = (
        struct.pack("<B", 1)
        + (b"\1" if version >= 4 else b"")
        + struct.pack("<BbBB", 1, -5, 14, 13)
        + counts
        + tables
    )
    middle = b"\x08\0" if version == 5 else b""
    body = struct.pack("<H", version) + middle + struct.pack("<I", len(after)) + after + program
    return struct.pack("<I", len(body)) + body


def seeds() -> Iterator[bytes]:
    """A program with each kind of opcode, in all versions."""
    program = (
        b"\0\x09\x02" + struct.pack("<Q", 0x401000) + b"\x05\x03\x14\x4b\x03\x05\x01\x02\x04\x08\x09\x10\0\x06\x0b"
    )
    program += b"\x04\x01\x0c\x02\x0a\x07\0\x05\x04\x02\0\0\0\0\x01\x01"
    old = b"/build\0include\0\0main.c\0\1\0\0a.h\0\2\0\0\0"
    for version in (2, 3, 4):
        yield _unit(version, old, program)
    yield _unit(5, b"\x01\x01\x1f\x02\0\0\0\0\x07\0\0\0\x02\x01\x1f\x02\x0b\x01\x07\0\0\0\0", program)
    yield _unit(5, b"\x01\x01\x08\x01/b\0\x03\x01\x08\x02\x0f\x05\x1e\x01a.c\0\1" + bytes(16), program)
    yield struct.pack("<IQ", 0xFFFFFFFF, 40) + _unit(4, old, program)[4:]
