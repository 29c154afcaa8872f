"""Records of page faults as a ring may have them: each is taken or left out, and none reaches past its end."""

import struct
from collections.abc import Iterator

import numpy as np

from smapstop.proc.callstack.fault_records import (
    Losses,
    NewCode,
    StackSample,
    join_columns,
    parse_light,
    parse_stacks,
)
from smapstop.proc.callstack.registers import AARCH64, X86_64

PERIOD = 3


def check(data: bytes) -> None:
    """Parse them as records of both kinds."""
    losses = Losses()
    columns = parse_light(data, PERIOD, losses)
    assert len(columns) <= len(data) // 40
    assert int(columns.weight.sum()) == PERIOD * len(columns)
    assert losses.lost >= 0
    halved = columns.halve()
    assert int(halved.weight.sum()) == int(columns.weight.sum())
    assert len(join_columns([columns, halved])) == len(columns) + len(halved)
    assert (columns.take(columns.ip > np.uint64(5)).ip > 5).all()
    for architecture in (X86_64, AARCH64):
        count = architecture.perf_mask.bit_count()
        for record in parse_stacks(data, PERIOD, count):
            if isinstance(record, NewCode):
                assert record.mapping.start <= record.mapping.end
                record.mapping.name.encode("utf-8", "surrogateescape")
            else:
                assert isinstance(record, StackSample)
                assert len(record.registers) in (0, count)
                assert len(record.stack) <= len(data)


def _record(kind: int, body: bytes, misc: int = 2) -> bytes:
    return struct.pack("<IHH", kind, misc, 8 + len(body)) + body


def seeds() -> Iterator[bytes]:
    """Each kind of record that the kernel writes."""
    light = _record(9, struct.pack("<QiiqQ", 0x401000, 1, 2, 3, 0x7F0000001000))
    lost = _record(2, struct.pack("<QQ", 7, 12)) + _record(13, struct.pack("<Q", 9)) + _record(5, bytes(24))
    yield light * 3 + lost + light
    yield _record(9, struct.pack("<QiiqQ", 0x401000, 1, 2, 3, 4) + b"more....") + light
    for architecture in (X86_64, AARCH64):
        registers = bytes(8 * architecture.perf_mask.bit_count())
        head = struct.pack("<QiiqQQ", 0x401000, 1, 2, 3, 0x7F0000001000, 2)
        yield _record(9, head + registers + struct.pack("<Q64sQ", 64, b"stack" * 9, 40)) + lost
        yield _record(9, struct.pack("<QiiqQQQ", 0x401000, 1, 2, 3, 4, 0, 0), misc=1)
    mapping = struct.pack("<iiQQQIIQQII", 1, 2, 0x401000, 0x1000, 0, 8, 1, 77, 0, 5, 2)
    yield _record(10, mapping + b"/usr/lib/libc.so.6\0\0\0\0\0\0") + _record(10, mapping + b"//anon\0\0")
