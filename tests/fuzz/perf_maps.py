"""The file in which a program lists its code for perf, while it grows: the names are those of the whole file."""

import os
from collections.abc import Iterator
from unittest.mock import Mock

from smapstop.proc.callstack.perf_map import PerfMap

MOST_NAME_CHARACTERS = 4 * 1024 + 16
SPLIT = b"\x1b"
"""What is behind it is written later."""


def check(data: bytes) -> None:
    """Read it in parts and at once, and ask for the code at each start and end."""
    parts = data.split(SPLIT)
    in_parts, at_once = _names(parts), _names([b"".join(parts)])
    assert [entry[:1] + entry[2:] for entry in at_once._entries] == [
        entry[:1] + entry[2:] for entry in in_parts._entries
    ]
    for entry in at_once._entries[:9]:
        for address in (entry.start, entry.end - 1, entry.end):
            found = at_once.find(address)
            assert found is None or found.start <= address < found.end
            assert found == in_parts.find(address)
            assert found is None or len(found.name) <= MOST_NAME_CHARACTERS


def _names(parts: list[bytes]) -> PerfMap:
    """The names of a file that grows by these parts."""
    names = PerfMap(Mock(read=Mock(side_effect=ProcessLookupError)))
    fd = os.memfd_create("perf")
    try:
        for part in parts:
            os.write(fd, part)
            names._read(fd)
    finally:
        os.close(fd)
    return names


def seeds() -> Iterator[bytes]:
    """What Python, node and Java write, and lines that are cut or none."""
    yield (
        b"7f0000001000 20 py::main:/app/a.py\n7f0000001020 2f py::f:/app/a.py\n"
        + SPLIT
        + b"7f0000001020 8 py::g:b.py\n"
    )
    yield b"0x18 0x8 JS:*go /a.js:1:2\n18 10 JS:~go /a.js:1" + SPLIT + b":9\n"
    yield b"10 ffffffffffffffff \xff\xfe\n\n20 4 h\r\nno line\n" + SPLIT * 3 + b"FFFFFFFFFFFFFFFF 1 top\n20 0 empty\n"
    yield b"".join(b"%x 40 f%d\n" % (64 * number, number) for number in range(40)) + b"0 1000 all\n"
