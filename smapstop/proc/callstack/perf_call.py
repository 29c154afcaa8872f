"""The call perf_event_open(2) for software events, and the settings of an event (struct perf_event_attr)."""

import ctypes
import os
import platform
import struct
from enum import IntFlag

from smapstop.lazy_dataclass import dataclass

_SYSCALL_NUMBERS = {"x86_64": 298, "aarch64": 241, "arm64": 241}
"""Number of perf_event_open by machine (unistd_64.h, asm-generic/unistd.h)."""
_ATTRIBUTES = struct.Struct("<II5Q2I4QIi16x")
"""struct perf_event_attr up to its 112th byte (PERF_ATTR_SIZE_VER5); what follows is 0."""
_CLOSE_ON_EXEC = 8
"""PERF_FLAG_FD_CLOEXEC."""
_CLOCK_MONOTONIC = 1

PAGE_FAULTS, MINOR_FAULTS, MAJOR_FAULTS, NOTHING = 2, 5, 6, 9
"""Software events PERF_COUNT_SW_*: faults as they begin, as they are counted by stat, and one that never happens."""


class SampleField(IntFlag):
    """What a sample has, in the order of its fields (enum perf_event_sample_format).

    The period is none of them: with it, the kernel samples every software event (perf_swevent_event).
    """

    IP = 1 << 0
    TID = 1 << 1
    TIME = 1 << 2
    ADDRESS = 1 << 3
    USER_REGISTERS = 1 << 12
    USER_STACK = 1 << 13


class EventFlag(IntFlag):
    """Bits of perf_event_attr that say how an event behaves."""

    DISABLED = 1 << 0
    INHERIT = 1 << 1
    EXCLUDE_KERNEL = 1 << 5
    EXCLUDE_HYPERVISOR = 1 << 6
    MMAP = 1 << 8
    WATERMARK = 1 << 14
    MMAP2 = 1 << 23
    USE_CLOCK_ID = 1 << 25
    INHERIT_THREAD = 1 << 35
    """Only threads inherit, not children of a fork (since Linux 5.13)."""


_NO_FIELDS = SampleField(0)


@dataclass(frozen=True, slots=True)
class EventAttributes:
    """Settings of a software event; its times are those of CLOCK_MONOTONIC."""

    event: int
    """`PAGE_FAULTS` …"""
    flags: EventFlag
    period: int = 0
    """A sample is taken each time that so many were counted."""
    sample: SampleField = _NO_FIELDS
    wakeup_bytes: int = 0
    """Its ring wakes who waits each time that so many bytes were written."""
    registers: int = 0
    """Mask of the registers to sample."""
    stack_bytes: int = 0
    """How much of the user's stack to sample, a multiple of 8."""

    def pack(self) -> bytes:
        """Encode as the kernel expects it."""
        flags = self.flags | EventFlag.USE_CLOCK_ID | (EventFlag.WATERMARK if self.wakeup_bytes else 0)
        software = 1
        head = (software, _ATTRIBUTES.size, self.event, self.period, int(self.sample), 0, int(flags))
        return _ATTRIBUTES.pack(
            *head, self.wakeup_bytes, 0, 0, 0, 0, self.registers, self.stack_bytes, _CLOCK_MONOTONIC
        )


_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def open_event(attributes: EventAttributes, tid: int, cpu: int) -> int:
    """Open an event on a thread (0: the calling one) while it runs on a CPU, and return its fd.

    Raises:
        OSError: EACCES or EPERM: not permitted. ENOSYS: there is no such call. ESRCH: no such thread. EINVAL: this
            kernel does not know a flag. ENODEV: the CPU is offline. EMFILE: no fd is left.
    """
    number = _SYSCALL_NUMBERS.get(platform.machine())
    if number is None:
        raise OSError(38, os.strerror(38))
    words = (ctypes.c_long(number), attributes.pack(), tid, cpu, -1, ctypes.c_ulong(_CLOSE_ON_EXEC))
    fd: int = _libc.syscall(*words)
    if fd < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return fd
