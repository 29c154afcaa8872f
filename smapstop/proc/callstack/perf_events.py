"""Page faults of a process as they happen: each of them light, and some with the registers and the stack.

The kernel reports them through perf_event_open(2), without root where kernel.perf_event_paranoid is 2 or less. Two
streams, since a sample with a stack is 200 times as large and costs the target more; and a thin one of few stacks,
for bursts that fill the rings of stacks before anybody can read them.
"""

import errno
import os
import resource
import select
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import field, replace

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.callstack.code_map import CodeMapping
from smapstop.proc.callstack.event_stream import EventStream, find_event_flags
from smapstop.proc.callstack.fault_records import (
    FaultColumns,
    Losses,
    NewCode,
    StackSample,
    join_columns,
    parse_light,
    parse_stacks,
)
from smapstop.proc.callstack.perf_call import (
    MAJOR_FAULTS,
    MINOR_FAULTS,
    PAGE_FAULTS,
    EventAttributes,
    EventFlag,
    SampleField,
)
from smapstop.proc.callstack.registers import native_architecture
from smapstop.proc.callstack.ring import (
    MAX_LIGHT_RECORD_BYTES,
    MAX_RECORD_BYTES,
    STACK_BYTES,
    Ring,
    TakenRecords,
    open_rings,
)
from smapstop.proc.process import ProcDir
from smapstop.proc.threads import list_other_threads

_LIGHT_FIELDS = SampleField.IP | SampleField.TID | SampleField.TIME | SampleField.ADDRESS
_LIGHT_PAGES, _STACK_PAGES, _THIN_PAGES = (32, 16, 8, 4), (256, 128, 64, 32, 16, 8), (64, 16, 8)
"""Pages of a ring. 32, 64 and 16 pages fit what any user may lock on each CPU (kernel.perf_event_mlock_kb)."""
_MAX_PAGES = 1024
"""Pages of the rings of a stream on all CPUs, unless the smallest are more."""
_FDS_LEFT = 128
"""Fds that are left for other purposes."""
_FDS_PER_THREAD = 6
"""Fds for a thread on a CPU: four events, and those that replace two of them."""
_FDS_PER_CPU = 3
"""Fds of the rings."""
THIN = 64
"""The thin stream samples each so-many-th of the faults that the other one of stacks samples."""
_COUNTED = (MINOR_FAULTS, MAJOR_FAULTS)
"""Faults as stat counts them."""
_NOT_PERMITTED = (errno.EACCES, errno.EPERM, errno.ENOSYS)


Interval = tuple[int, int]
"""After the first and up to the last moment, monotonic clock, ns."""
TakenStream = tuple[int, list[TakenRecords]]
"""Period of a stream, and the records of its rings."""


@dataclass(frozen=True, slots=True)
class DrainedRings:
    """What the rings have received since they were drained last."""

    faults: FaultColumns
    stacks: list[StackSample] = field(repr=False)
    light_losses: Losses
    """Of these samples some are missing in `faults`."""
    thin_stacks: list[StackSample] = field(repr=False)
    """Samples of the thin stream in those times in which others are missing."""
    missing: list[Interval]
    """Times in which there was no room for stacks."""
    missing_thin: list[Interval]
    """Times in which there was none for those of the thin stream either."""
    new_code: list[CodeMapping]
    """Executable memory that was mapped, in order on each CPU."""


class FaultRings:
    """Page faults of a process, in all its threads and those that they start; not in children of a fork.

    Use it with `select`: its fd is readable when a ring is half full.

    Args:
        process: The process.
        light_period: A light sample is taken of each so-many-th fault.
        stack_period: A sample with its stack is.

    Raises:
        SmapstopError: They may not be seen, or this kernel or machine cannot show them.
    """

    def __init__(self, process: ProcDir, light_period: int = 1, stack_period: int = 1) -> None:
        architecture = native_architecture()
        if architecture is None:
            raise SmapstopError("call stacks cannot be read on this machine", "they can on x86-64 and aarch64")
        self.architecture = architecture
        """Of this machine."""
        self._process = process
        self._file_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._cpus = online_cpus()
        with ExitStack() as opened:
            opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, self._file_limit)
            try:
                self._open(opened)
                self.set_periods(light_period, stack_period)
            except OSError as error:
                raise access_error(process.pid, error) from error
            self._opened = opened.pop_all()

    def _open(self, opened: ExitStack) -> None:
        """Open the rings and the streams."""
        # different events: the kernel lets those of one share a sample, whose size is then wrong (as of Linux 6.18)
        minor, major = (EventAttributes(kind, EventFlag(0), sample=_LIGHT_FIELDS) for kind in _COUNTED)
        flags = find_event_flags(self._threads(), minor)
        stack = EventAttributes(
            PAGE_FAULTS,
            flags | EventFlag.MMAP | EventFlag.MMAP2,
            sample=_LIGHT_FIELDS | SampleField.USER_REGISTERS | SampleField.USER_STACK,
            registers=self.architecture.perf_mask,
            stack_bytes=STACK_BYTES,
        )
        self.sees_system_calls = not flags & EventFlag.EXCLUDE_KERNEL
        """Whether faults in system calls are seen, too."""
        self.counts_children = not flags & EventFlag.INHERIT_THREAD
        """Whether `counted` includes children of a fork, as on kernels before 5.13."""
        self._epoll = opened.enter_context(select.epoll())
        light = replace(minor, flags=flags), replace(major, flags=flags)
        self._light = EventStream(self._open_rings(_LIGHT_PAGES, opened), *light)
        self._stacks = EventStream(self._open_rings(_STACK_PAGES, opened), stack)
        thin = replace(stack, flags=flags)
        self._thin = EventStream(self._open_rings(_THIN_PAGES, opened), thin)
        opened.callback(self._thin.close)
        opened.callback(self._stacks.close)
        opened.callback(self._light.close)

    def _open_rings(self, sizes: Sequence[int], opened: ExitStack) -> list[Ring]:
        """Open a ring on each CPU."""
        fitting = [pages for pages in sizes if pages * len(self._cpus) <= _MAX_PAGES] or sizes[-1:]
        rings = open_rings(self._cpus, fitting)
        for ring in rings:
            opened.callback(ring.close)
            self._epoll.register(ring.fd, select.EPOLLIN)
        return rings

    def fileno(self) -> int:
        """Fd that is readable when a ring is half full."""
        return self._epoll.fileno()

    def set_periods(self, light: int, stack: int) -> DrainedRings:
        """Set the sampling periods from now on, and return the samples so far.

        Raises:
            OSError: The events cannot be opened again.
        """
        tids = self._threads()
        covered = self._make_room(len(tids))
        self.missed_threads = max(0, len(tids) - covered)
        """Number of threads that are not seen, because there are not enough fds."""
        streams = (self._light, light), (self._stacks, stack), (self._thin, stack * THIN)
        taken = [
            (stream.period, stream.take() if stream.period == period else stream.start(tids[:covered], period))
            for stream, period in streams
        ]
        return self._parse(*taken)

    def _threads(self) -> list[int]:
        """Ids of the threads, the main one first."""
        return [self._process.pid, *list_other_threads(self._process)]

    def _make_room(self, threads: int) -> int:
        """Raise the limit of fds as far as needed, and return for how many threads it suffices."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = threads * len(self._cpus) * _FDS_PER_THREAD + _FDS_LEFT + _FDS_PER_CPU * len(self._cpus)
        if needed > soft:
            soft = min(needed, hard) if hard != resource.RLIM_INFINITY else needed
            with suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(1, (soft - _FDS_LEFT - _FDS_PER_CPU * len(self._cpus)) // (len(self._cpus) * _FDS_PER_THREAD))

    def drain(self) -> DrainedRings:
        """Take the samples since the last call."""
        return self._parse(*((stream.period, stream.take()) for stream in (self._light, self._stacks, self._thin)))

    def _parse(self, light: TakenStream, stack: TakenStream, thin: TakenStream) -> DrainedRings:
        """Parse the records of the streams; those of other processes are left out."""
        losses, pid = Losses(), self._process.pid
        # the kernel says what was lost when it has room again, perhaps in another tick
        losses.is_full = any(taken.room_bytes <= MAX_LIGHT_RECORD_BYTES for taken in light[1])
        faults = join_columns([parse_light(taken.data, light[0], losses) for taken in light[1]])
        stacks, new_code, missing = self._parse_stacks(stack)
        thin_stacks, _, missing_thin = self._parse_stacks(thin) if missing else ([], [], [])
        return DrainedRings(
            faults.take(faults.pid == pid),
            stacks,
            losses,
            [each for each in thin_stacks if any(after < each.time_ns <= until for after, until in missing)],
            missing,
            missing_thin,
            new_code,
        )

    def _parse_stacks(self, stream: TakenStream) -> tuple[list[StackSample], list[CodeMapping], list[Interval]]:
        """Parse the records of a stream with stacks: samples, new code, and times in which there was no room."""
        stacks, new_code, missing = list[StackSample](), list[CodeMapping](), list[Interval]()
        pid, (period, rings) = self._process.pid, stream
        for taken in rings:
            found = list(parse_stacks(taken.data, period, self.architecture.perf_mask.bit_count()))
            samples = [each for each in found if isinstance(each, StackSample)]
            stacks += [each for each in samples if each.pid == pid]
            new_code += [each.mapping for each in found if isinstance(each, NewCode) and each.pid == pid]
            if taken.room_bytes <= MAX_RECORD_BYTES and samples:
                missing.append((samples[-1].time_ns, taken.until_ns))
        return stacks, new_code, missing

    def fault_count(self) -> int:
        """Number of faults that happened since the start, whether there was a sample of them or not."""
        return self._light.fault_count()

    def close(self) -> None:
        """End it; the limit of fds is as before."""
        self._opened.close()


def online_cpus(path: str = "/sys/devices/system/cpu/online") -> list[int]:
    """List the CPUs that are online (`0-3,6`); those counted by Python if that cannot be read."""
    try:
        with open(path, "rb") as file:
            ranges = [part.split(b"-") for part in file.read().strip().split(b",")]
        return [cpu for part in ranges for cpu in range(int(part[0]), int(part[-1]) + 1)]
    except (OSError, ValueError):
        return list(range(os.cpu_count() or 1))


def access_error(pid: int, error: OSError, path: str = "/proc/sys/kernel/perf_event_paranoid") -> SmapstopError:
    """Error for page faults that may not be seen, with what to do."""
    if error.errno not in _NOT_PERMITTED:
        return SmapstopError(f"the page faults of process {pid} cannot be seen: {error.strerror}")
    try:
        with open(path, "rb") as file:
            paranoid = int(file.read())
    except (OSError, ValueError):
        return SmapstopError("this kernel has no perf events", "they need CONFIG_PERF_EVENTS")
    if error.errno == errno.EACCES and paranoid > 2:
        what = f"page faults may not be seen, since kernel.perf_event_paranoid is {paranoid}"
        return SmapstopError(what, "sysctl kernel.perf_event_paranoid=2, or run with CAP_PERFMON")
    if error.errno == errno.EACCES:
        what = f"not permitted to see the page faults of process {pid}"
        return SmapstopError(what, "run as its user or as root, or with CAP_PERFMON or CAP_SYS_PTRACE")
    what = "page faults may not be seen here: perf_event_open is forbidden"
    return SmapstopError(what, "allow it in the seccomp profile of the container, or add CAP_PERFMON")
