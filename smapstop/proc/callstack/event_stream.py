"""One kind of sample of all threads of a process: an event on each thread and CPU, which share the rings."""

import errno
import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product

from smapstop.proc.callstack.perf_call import EventAttributes, EventFlag, open_event
from smapstop.proc.callstack.ring import Ring, TakenRecords

_ENABLE, _DISABLE = 0x2400, 0x2401
"""PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE: of an event and of those that threads inherited from it."""
_COUNT_BYTES = 8


class EventStream:
    """Events of one kind on every thread, which new threads inherit.

    A thread that starts while the events are being opened, from one that has none yet, is missed.

    Args:
        rings: A ring on each CPU.
        kinds: Events to sample; their period is that of `start`.
    """

    def __init__(self, rings: Sequence[Ring], *kinds: EventAttributes) -> None:
        self._rings = rings
        self._kinds = kinds
        self._fds: list[int] = []
        self._counted_before = 0
        self.period = 0
        """Number of faults that a sample stands for; 0 before the first `start`."""

    def start(self, tids: Sequence[int], period: int) -> list[TakenRecords]:
        """Sample each `period`-th fault from now on, and return the records from before.

        The kernel changes the period of an event, but not that of the events that threads inherited from it: so new
        events replace the old ones, and nothing is sampled for some µs in between.

        Raises:
            OSError: As for `open_event`, except that threads that ended are left out.
        """
        kinds = [replace(kind, period=period, flags=kind.flags | EventFlag.DISABLED) for kind in self._kinds]
        before, self._fds = self._fds, self._open(tids, kinds)
        _control(before, _DISABLE)
        records = self.take()
        _control(self._fds, _ENABLE)
        self.period = period
        self._counted_before += _count(before)
        _close_all(before)
        return records

    def _open(self, tids: Sequence[int], kinds: Sequence[EventAttributes]) -> list[int]:
        """Open the events, and have them write into the rings."""
        fds: list[int] = []
        try:
            for tid in tids:
                with suppress(ProcessLookupError):
                    for ring, kind in product(self._rings, kinds):
                        fds.append(open_event(kind, tid, ring.cpu))
                        ring.redirect(fds[-1])
        except OSError:
            _close_all(fds)
            raise
        return fds

    def take(self) -> list[TakenRecords]:
        """Take what the rings have: the records of each CPU."""
        return [ring.take() for ring in self._rings]

    def fault_count(self) -> int:
        """Faults that the events have counted, with or without a sample, of all threads, since the first `start`."""
        return self._counted_before + _count(self._fds)

    def close(self) -> None:
        """Close the events."""
        _close_all(self._fds)


def _control(fds: Sequence[int], request: int) -> None:
    """Enable or disable events."""
    for fd in fds:
        fcntl.ioctl(fd, request)


def _count(fds: Sequence[int]) -> int:
    """Sum up what events have counted."""
    return sum(int.from_bytes(os.read(fd, _COUNT_BYTES), "little") for fd in fds)


def _close_all(fds: Sequence[int]) -> None:
    """Close events."""
    for fd in fds:
        os.close(fd)


def find_event_flags(tids: Sequence[int], attributes: EventAttributes) -> EventFlag:
    """Find how much may be seen: faults in system calls, too, if that is permitted.

    Children of a fork inherit events, too, on kernels before 5.13.

    Raises:
        OSError: Nothing may be seen (EACCES, EPERM, ENOSYS), or all threads have ended (ESRCH).
    """
    hidden = EventFlag.EXCLUDE_HYPERVISOR
    error = OSError(errno.ESRCH, os.strerror(errno.ESRCH))
    for scope in (hidden, hidden | EventFlag.EXCLUDE_KERNEL):
        for inherited in (EventFlag.INHERIT | EventFlag.INHERIT_THREAD, EventFlag.INHERIT):
            for tid in tids:
                try:
                    os.close(open_event(replace(attributes, period=1, flags=scope | inherited), tid, 0))
                except ProcessLookupError:
                    continue
                except OSError as failure:
                    error = failure
                    break
                else:
                    return scope | inherited
    raise error
