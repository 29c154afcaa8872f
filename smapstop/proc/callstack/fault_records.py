"""Records of page faults as they lie in a ring: light ones as columns, and those with registers and stack."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import field, fields, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.callstack.code_map import CodeMapping
from smapstop.proc.columns import Addresses

_HEADER = struct.Struct("<IHH")
_SAMPLE, _LOST, _THROTTLE, _MMAP2, _LOST_SAMPLES = 9, 2, 5, 10, 13
"""PERF_RECORD_*."""
_CPU_MODE, _KERNEL_MODE = 7, 1
"""PERF_RECORD_MISC_CPUMODE_MASK, PERF_RECORD_MISC_KERNEL."""
_LIGHT = np.dtype(
    [
        ("kind", "<u4"),
        ("misc", "<u2"),
        ("size", "<u2"),
        ("ip", "<u8"),
        ("pid", "<i4"),
        ("tid", "<i4"),
        ("time_ns", "<i8"),
        ("address", "<u8"),
    ]
)
_STACK_HEAD = struct.Struct("<QiiqQQ")
"""IP, pid, tid, time, address, and the ABI of the registers."""
_MMAP2_HEAD = struct.Struct("<iiQQQIIQQ")
"""Pid, tid, start, size, offset, device, inode and its generation; protection, flags and the name follow."""
_MMAP2_NAME = _HEADER.size + _MMAP2_HEAD.size + 8
_NATIVE_ABI = 2
"""PERF_SAMPLE_REGS_ABI_64."""
_U64 = struct.Struct("<Q")

KERNEL_IP = 0
"""Address of the code of faults inside the kernel: in system calls."""


@dataclass(frozen=True, slots=True, eq=False)
class FaultColumns:
    """Page faults, in columns of shape (n,)."""

    ip: Addresses
    """Address of the code; `KERNEL_IP` in system calls."""
    pid: NDArray[np.int32]
    time_ns: NDArray[np.int64]
    """CLOCK_MONOTONIC."""
    address: Addresses
    """Address that was not mapped, or not writable."""
    weight: NDArray[np.int64]
    """Number of faults that a row stands for."""

    def __len__(self) -> int:
        return len(self.ip)

    def take(self, which: NDArray[np.bool_] | slice) -> "FaultColumns":
        """Return the selected rows."""
        return FaultColumns(
            self.ip[which], self.pid[which], self.time_ns[which], self.address[which], self.weight[which]
        )

    def halve(self) -> "FaultColumns":
        """Return every second row; it stands also for the one after it."""
        rows = self.take(slice(None, None, 2))
        return replace(
            rows, weight=np.add.reduceat(self.weight, np.arange(0, len(self), 2)) if len(self) else rows.weight
        )


def join_columns(parts: Sequence[FaultColumns]) -> FaultColumns:
    """Join columns, in order."""
    if not parts:
        none = np.zeros(0, np.int64)
        return FaultColumns(none.astype(np.uint64), none.astype(np.int32), none, none.astype(np.uint64), none)
    names = [each.name for each in fields(FaultColumns)]
    return FaultColumns(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True, slots=True, eq=False)
class StackSample:
    """A page fault with registers and the top of the stack. It holds the target's memory: unwind it and drop it."""

    ip: int
    """Address of the code; `KERNEL_IP` in a system call, where the registers are those of its call."""
    pid: int
    tid: int
    time_ns: int
    address: int
    weight: int
    registers: tuple[int, ...] = field(repr=False)
    """In the order of the mask that was asked for; empty in a program of another ABI."""
    stack: memoryview = field(repr=False)
    """From the stack pointer on."""


class NewCode(NamedTuple):
    """Executable memory that was mapped."""

    pid: int
    mapping: CodeMapping


@dataclass(slots=True)
class Losses:
    """What the rings lost."""

    lost: int = 0
    """Records for which there was no room."""
    throttled: int = 0
    """How often the kernel suspended an event."""
    is_full: bool = False
    """Whether there was no room for another record: how many are lost is not known yet."""

    @property
    def any(self) -> bool:
        """Whether faults are missing, or may be."""
        return bool(self.lost or self.throttled or self.is_full)


def parse_light(data: bytes, period: int, losses: Losses) -> FaultColumns:
    """Parse the records of a ring of light events.

    Args:
        data: The records.
        period: Number of faults that each stands for.
        losses: What is lost is added to it.
    """
    parts, at = [], 0
    while at + _LIGHT.itemsize <= len(data):
        rows = np.frombuffer(data, _LIGHT, (len(data) - at) // _LIGHT.itemsize, at)
        other = np.flatnonzero((rows["kind"] != _SAMPLE) | (rows["size"] != _LIGHT.itemsize))
        count = int(other[0]) if len(other) else len(rows)
        parts.append(rows[:count])
        at += count * _LIGHT.itemsize
        if len(other):
            parts.append(_larger_sample(data, at))
            at += _skip(data, at, losses)
    while at + _HEADER.size <= len(data):
        at += _skip(data, at, losses)
    rows = np.concatenate(parts) if parts else np.zeros(0, _LIGHT)
    in_kernel = rows["misc"] & _CPU_MODE == _KERNEL_MODE
    ip = np.where(in_kernel, np.uint64(KERNEL_IP), rows["ip"])
    pid, time_ns, address = (rows[name].copy() for name in ("pid", "time_ns", "address"))
    return FaultColumns(ip, pid, time_ns, address, np.full(len(rows), period, np.int64))


def _larger_sample(data: bytes, at: int) -> NDArray[np.void]:
    """A sample with a record larger than what was asked for, as where others sample the same event; else no row."""
    kind, _, size = _HEADER.unpack_from(data, at)
    is_sample = kind == _SAMPLE and size >= _LIGHT.itemsize
    return np.frombuffer(data, _LIGHT, int(is_sample), at)


def _skip(data: bytes, at: int, losses: Losses) -> int:
    """Account for a record that is no sample of the usual size, and return its size."""
    kind, _, size = _HEADER.unpack_from(data, at)
    _account(kind, data, at, losses)
    return max(int(size), _HEADER.size)


def _account(kind: int, data: bytes, at: int, losses: Losses) -> None:
    """Add a record to the losses if it counts any; one that ends early counts nothing."""
    body = at + _HEADER.size
    with suppress(struct.error):
        if kind == _LOST:  # u64 id, u64 lost
            losses.lost += _U64.unpack_from(data, body + _U64.size)[0]
        elif kind == _LOST_SAMPLES:
            losses.lost += _U64.unpack_from(data, body)[0]
        elif kind == _THROTTLE:
            losses.throttled += 1


def parse_stacks(data: bytes, period: int, register_count: int) -> Iterator[StackSample | NewCode]:
    """Parse the records of a ring of events with stacks, which also list new code in memory.

    A record that says more of itself than it has is left out.

    Args:
        data: The records.
        period: Number of faults that each stands for.
        register_count: Number of registers in the mask.
    """
    view, at = memoryview(data), 0
    while at + _HEADER.size <= len(data):
        kind, misc, size = _HEADER.unpack_from(data, at)
        record = view[at : at + size]
        with suppress(struct.error):
            if kind == _SAMPLE:
                is_in_kernel = misc & _CPU_MODE == _KERNEL_MODE
                yield _parse_stack(record, register_count, period, is_in_kernel=is_in_kernel)
            elif kind == _MMAP2:
                yield _parse_mapping(record.tobytes())
        at += max(size, _HEADER.size)


def _parse_mapping(record: bytes) -> NewCode:
    """Parse a record of a new mapping."""
    pid, _, start, size, offset, major, minor, inode, _ = _MMAP2_HEAD.unpack_from(record, _HEADER.size)
    name = record[_MMAP2_NAME:].partition(b"\0")[0]
    path = "" if name == b"//anon" else name.decode("utf-8", "surrogateescape")
    return NewCode(pid, CodeMapping(start, start + size, offset, f"{major:02x}:{minor:02x}", inode, path))


def _parse_stack(record: memoryview, register_count: int, period: int, *, is_in_kernel: bool) -> StackSample:
    """Parse a sample with registers and stack."""
    at = _HEADER.size
    ip, pid, tid, time_ns, address, abi = _STACK_HEAD.unpack_from(record, at)
    at += _STACK_HEAD.size
    registers = struct.unpack_from(f"<{register_count}Q", record, at) if abi == _NATIVE_ABI else ()
    at += _U64.size * (register_count if abi else 0)
    (size,) = _U64.unpack_from(record, at)
    at += _U64.size
    used = _U64.unpack_from(record, min(at + size, len(record)))[0] if size else 0
    stack = record[at : at + min(size, used)]
    return StackSample(KERNEL_IP if is_in_kernel else ip, pid, tid, time_ns, address, period, registers, stack)
