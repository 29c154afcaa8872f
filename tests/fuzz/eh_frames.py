"""Tables of frames (.eh_frame, with and without .eh_frame_hdr) of anybody's file: a rule, or that there is none."""

import os
import struct
from collections.abc import Iterator

from smapstop.proc.callstack.eh_frame import EhFrame
from smapstop.proc.callstack.frame_rules import FrameRule
from smapstop.proc.elf.elf_file import ElfSegment
from smapstop.proc.elf.program_headers import ProgramHeaders

_HEAD = struct.Struct("<B4H")
"""Place of .eh_frame_hdr, or 0 for none, and addresses to ask for."""
REGISTERS = 17
LOADED_AT = 0x1000


def check(data: bytes) -> None:
    """Find rules at some addresses; asked again, they are the same."""
    head, content = data[: _HEAD.size].ljust(_HEAD.size, b"\0"), data[_HEAD.size :]
    table, *addresses = _HEAD.unpack(head)
    fd = os.memfd_create("fuzzed")
    try:
        os.write(fd, content)
        segment = ElfSegment(0, LOADED_AT, len(content), 5)
        header = ElfSegment(table, LOADED_AT + table, max(0, len(content) - table), 4) if table else None
        frames = EhFrame(
            fd, ProgramHeaders((segment,), frame_table=header), lambda: (LOADED_AT, len(content)), REGISTERS
        )
        for address in addresses:
            rule = frames.find(address)
            assert rule == frames.find(address)
            if rule is not None:
                _check_rule(rule)
    finally:
        os.close(fd)


def _check_rule(rule: FrameRule) -> None:
    """A rule is about registers that are known, in numbers that an address can be."""
    assert all(0 <= register < REGISTERS for register, _ in rule.saved)
    assert all(0 <= register < REGISTERS for register, *_ in rule.others)
    assert rule.cfa_expression is not None or rule.cfa_register >= 0


def _cie(augmentation: bytes, data: bytes, program: bytes) -> bytes:
    body = struct.pack("<IB", 0, 1) + augmentation + b"\0" + b"\x01\x78\x10" + data + program
    body += bytes(-len(body) % 4)
    return struct.pack("<I", len(body)) + body


def seeds() -> Iterator[bytes]:
    """Usual frames, a signal frame, expressions, and a table of two functions."""
    cie = _cie(b"zR", b"\x01\x1b", b"\x0c\x07\x08\x90\x01")
    fde = (
        struct.pack("<Iiib", len(cie) + 4, 0x100, 0x40, 0)
        + b"\x41\x0e\x10\x86\x02\x43\x0d\x06\x0a\x4a\x0b\xc6\x0c\x07\x08"
    )
    fde += bytes(-len(fde) % 4)
    frames = cie + struct.pack("<I", len(fde)) + fde + bytes(4)
    head = _HEAD.pack(0, LOADED_AT + len(cie) + 0x108, LOADED_AT + len(cie) + 0x120, 0, 0xFFFF)
    yield head + frames
    yield head + _cie(b"zPLRS", b"\x07\x03\0\0\0\0\x1b\x1b", b"\x0f\x03\x77\x08\x06\x10\x10\x02\x09\xf8") + frames
    yield head + _cie(b"", b"", b"\x0c\x07\x08\x07\x03\x08\x04\x09\x05\x06\x16\x03\x02\x91\x08\x14\x05\x02") + frames
    table = struct.pack("<4Bii4i", 1, 0x1B, 3, 0x3B, 0, 2, 0x100, -len(frames), 0x200, -len(frames) + len(cie))
    yield _HEAD.pack(len(frames), LOADED_AT + 0x150, LOADED_AT + 0x210, 0, 9) + frames + table
