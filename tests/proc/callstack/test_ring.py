"""A ring that the kernel fills faster than it is read, and again and again."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from stepped_program import SteppedProgram

from smapstop.proc.callstack.event_stream import EventStream
from smapstop.proc.callstack.fault_records import Losses, parse_light
from smapstop.proc.callstack.perf_call import MINOR_FAULTS, EventAttributes, EventFlag, SampleField
from smapstop.proc.callstack.perf_events import online_cpus
from smapstop.proc.callstack.ring import Ring, open_rings

FIELDS = SampleField.IP | SampleField.TID | SampleField.TIME | SampleField.ADDRESS
FLAGS = EventFlag.INHERIT | EventFlag.EXCLUDE_HYPERVISOR | EventFlag.EXCLUDE_KERNEL


def stream_on(program: SteppedProgram, rings: list[Ring]) -> EventStream:
    """Every minor fault of a program, into these rings."""
    stream = EventStream(rings, EventAttributes(MINOR_FAULTS, FLAGS, sample=FIELDS))
    stream.start([program.pid], 1)
    return stream


def test_records_across_the_end_of_the_ring_are_whole(program: Callable[[str], Path]) -> None:
    rings = open_rings(online_cpus(), (4,))  # 409 samples of 40 bytes
    with SteppedProgram(program("faulting"), "10") as target, closing(stream_on(target, rings)) as stream:
        start, losses, seen = target.address, Losses(), 0
        for _ in range(3):
            target.go()
            for taken in stream.take():
                rows = parse_light(taken.data, 1, losses)
                ours = rows.pid == target.pid  # children inherit the events, too
                seen += int((ours & (start <= rows.address) & (rows.address < start + 512 * 4096)).sum())
    for ring in rings:
        ring.close()

    assert seen == 300 + 200 + 200
    assert not losses.any


def test_what_has_no_room_is_counted(program: Callable[[str], Path]) -> None:
    rings = open_rings(online_cpus(), (1,))  # 102 samples
    with SteppedProgram(program("faulting"), "10") as target, closing(stream_on(target, rings)) as stream:
        losses = Losses()
        target.go()
        seen = sum(len(parse_light(taken.data, 1, losses)) for taken in stream.take())
        target.go()  # the kernel tells what was lost with the next sample
        for taken in stream.take():
            parse_light(taken.data, 1, losses)
    for ring in rings:
        ring.close()

    assert 0 < seen <= 102 * len(rings)
    assert losses.lost >= 300 - seen


def test_rings_have_the_first_size_that_may_be_locked() -> None:
    too_large = 1 << 20
    rings = open_rings([0], (too_large, 2))
    for ring in rings:
        ring.close()

    assert len(rings) == 1
    with pytest.raises(OSError):
        open_rings([0], (too_large,))
