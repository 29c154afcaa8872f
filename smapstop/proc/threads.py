"""Threads of a process and the addresses of their stacks (proc(5): /proc/PID/task)."""

import os
from contextlib import suppress

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.stat import fields_after_name

_MOST_THREADS = 100_000
"""Limit of threads that are counted."""


@dataclass(frozen=True, slots=True)
class StackPointer:
    """Stack pointer of a thread."""

    tid: int
    name: str
    address: int


@dataclass(frozen=True, slots=True)
class ThreadStat:
    """A thread, and the CPU time that it has used."""

    tid: int
    name: str
    state: str
    """One letter, as of a process."""
    cpu_ticks: int
    """CPU time in user mode and in the kernel, clock ticks."""


def read_thread_stats(process: ProcDir, limit: int) -> tuple[list[ThreadStat], int]:
    """Read the threads with the lowest ids, at most `limit`; and the number of all threads.

    Raises:
        OSError: The threads may not be listed, or the process is gone.
    """
    tids = sorted(map(int, process.list_names("task", _MOST_THREADS)))
    stats = []
    for tid in tids[:limit]:
        with suppress(OSError):  # it has ended
            text = process.read(f"task/{tid}/stat")
            fields = fields_after_name(text)
            name = os.fsdecode(text[text.index(b"(") + 1 : text.rindex(b")")])
            stats.append(ThreadStat(tid, name, fields[0].decode(), int(fields[11]) + int(fields[12])))
    return stats, len(tids)


def list_other_threads(process: ProcDir) -> list[int]:
    """List all threads but the main one, whose stack is named; empty if they cannot be read."""
    try:
        return sorted(
            tid for entry in process.list_names("task", _MOST_THREADS) if (tid := int(entry)) != process.pid
        )
    except OSError:
        return []


def read_stack_pointer(process: ProcDir, tid: int) -> StackPointer | None:
    """Read a thread's stack pointer; `None` if the thread is running, has exited, or may not be read.

    /proc/PID/task/TID/syscall is readable by those who may trace the process (ptrace(2)).
    """
    with suppress(OSError):
        words = process.read(f"task/{tid}/syscall").split()
        if len(words) > 2:
            name = os.fsdecode(process.read(f"task/{tid}/comm").rstrip(b"\n"))
            return StackPointer(tid, name, int(words[-2], 16))
    return None


def read_stack_pointers(process: ProcDir) -> list[StackPointer]:
    """Read the stack pointers of all threads but the main one, omitting those that are not available."""
    pointers = (read_stack_pointer(process, tid) for tid in list_other_threads(process))
    return [pointer for pointer in pointers if pointer is not None]


def find_stack_row(mappings: Mappings, pointer: StackPointer) -> int | None:
    """Return the row of the mapping a stack is in; `None` unless it is unnamed and `rw-p`."""
    row = int(np.searchsorted(mappings.start, np.uint64(pointer.address), "right")) - 1
    if row < 0 or pointer.address >= int(mappings.end[row]) or mappings.name[row]:
        return None
    return row if mappings.perms_of(row) == "rw-p" else None
