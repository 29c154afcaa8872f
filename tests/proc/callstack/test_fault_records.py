"""Records as they lie in a ring."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from smapstop.proc.callstack.code_map import CodeMapping
from smapstop.proc.callstack.fault_records import KERNEL_IP, Losses, NewCode, StackSample, parse_light, parse_stacks

USER, KERNEL = 2, 1


def light(ip: int, address: int = 0x1000, mode: int = USER, more: bytes = b"") -> bytes:
    """A light sample; `more` is what another event left behind it."""
    body = struct.pack("<QiiqQ", ip, 7, 8, 123, address) + more
    return struct.pack("<IHH", 9, mode, 8 + len(body)) + body


def lost(count: int) -> bytes:
    return struct.pack("<IHHQQ", 2, 0, 24, 5, count)


THROTTLED = struct.pack("<IHHQQQ", 5, 0, 32, 1, 2, 3)
LOST_SAMPLES = struct.pack("<IHHQ", 13, 0, 16, 4)


def new_code(name: bytes) -> bytes:
    """Executable memory of process 7 that was mapped."""
    body = struct.pack("<iiQQQIIQQII", 7, 8, 0x7000, 0x2000, 0x1000, 0xFE, 0, 123, 0, 5, 2) + name.ljust(16, b"\0")
    return struct.pack("<IHH", 10, USER, 8 + len(body)) + body


def with_stack(
    registers: tuple[int, ...], stack: bytes, *, abi: int = 2, sampled: int = 64, mode: int = USER
) -> bytes:
    """A sample with registers and stack, of which less may be readable than was asked for."""
    body = struct.pack("<QiiqQQ", 0x400000, 7, 8, 123, 0x2000, abi) + struct.pack(f"<{len(registers)}Q", *registers)
    body += struct.pack("<Q", sampled) + stack.ljust(sampled, b"\xee") + struct.pack("<Q", len(stack))
    return struct.pack("<IHH", 9, USER, 8 + len(body)) + body


def test_samples_become_rows_whatever_is_between_them() -> None:
    losses = Losses()
    data = light(1) + light(2) + lost(40) + light(3, more=bytes(24)) + THROTTLED + light(4) + LOST_SAMPLES

    rows = parse_light(data, 8, losses)

    assert rows.ip.tolist() == [1, 2, 3, 4]
    assert rows.pid.tolist() == [7] * 4
    assert rows.time_ns.tolist() == [123] * 4
    assert rows.address.tolist() == [0x1000] * 4
    assert rows.weight.tolist() == [8] * 4
    assert (losses.lost, losses.throttled) == (44, 1)


def test_address_of_code_in_the_kernel_is_not_told() -> None:
    rows = parse_light(light(0xFFFFFFFF81000000, mode=KERNEL) + light(5), 1, Losses())

    assert rows.ip.tolist() == [KERNEL_IP, 5]


def test_empty_ring_has_no_rows() -> None:
    losses = Losses()

    assert len(parse_light(b"", 1, losses)) == 0
    assert not losses.any


def parsed(data: bytes, period: int = 1) -> list[StackSample]:
    """Samples with two registers; nothing else is there."""
    found = list(parse_stacks(data, period, 2))
    samples = [each for each in found if isinstance(each, StackSample)]
    assert len(samples) == len(found)
    return samples


def test_stack_is_as_long_as_could_be_read() -> None:
    first, second = parsed(with_stack((1, 2), b"secret..") + with_stack((3, 4), b""), 16)

    assert (first.registers, bytes(first.stack), first.weight) == ((1, 2), b"secret..", 16)
    assert (first.pid, first.tid, first.time_ns, first.address, first.ip) == (7, 8, 123, 0x2000, 0x400000)
    assert (second.registers, bytes(second.stack)) == ((3, 4), b"")
    assert "secret" not in repr(first)


def test_new_code_is_reported_like_a_line_of_maps() -> None:
    found = list(parse_stacks(new_code(b"/lib/x.so") + new_code(b"//anon") + new_code(b"/\xff"), 1, 2))

    assert found == [
        NewCode(7, CodeMapping(0x7000, 0x9000, 0x1000, "fe:00", 123, name)) for name in ("/lib/x.so", "", "/\udcff")
    ]


def test_program_of_another_abi_or_kernel_thread_has_no_registers() -> None:
    small, nothing = parsed(with_stack((1, 2), b"12345678", abi=1) + with_stack((), b"", abi=0, sampled=0))

    assert (small.registers, bytes(small.stack)) == ((), b"12345678")
    assert (nothing.registers, bytes(nothing.stack)) == ((), b"")


@given(st.lists(st.sampled_from(["light", "larger", "lost", "throttled"]), max_size=40))
def test_every_sample_is_found_in_any_order(kinds: list[str]) -> None:
    records = {"larger": light(1, more=bytes(8)), "light": light(1), "lost": lost(1), "throttled": THROTTLED}
    losses = Losses()

    rows = parse_light(b"".join(records[kind] for kind in kinds), 1, losses)

    assert len(rows) == kinds.count("light") + kinds.count("larger")
    assert (losses.lost, losses.throttled) == (kinds.count("lost"), kinds.count("throttled"))
