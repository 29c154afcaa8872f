"""The threads of a process, and where their stacks are (proc(5): /proc/PID/task)."""

import os
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir


@dataclass(frozen=True, slots=True)
class StackPointer:
    """Where the stack of a thread is."""

    tid: int
    name: str
    address: int


def list_other_threads(process: ProcDir) -> list[int]:
    """The threads but the first, whose stack has a name; none when they cannot be read."""
    try:
        tasks = process.open("task", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return []
    try:
        return sorted(tid for entry in os.listdir(tasks) if (tid := int(entry)) != process.pid)
    except OSError:
        return []
    finally:
        os.close(tasks)


def read_stack_pointer(process: ProcDir, tid: int) -> StackPointer | None:
    """Where a thread's stack is; None for one that runs just now, has ended, or may not be looked at.

    The kernel tells it (/proc/PID/task/TID/syscall) to whom it allows to trace the process (ptrace(2)).
    """
    with suppress(OSError):
        words = process.read(f"task/{tid}/syscall").split()
        if len(words) > 2:
            name = os.fsdecode(process.read(f"task/{tid}/comm").rstrip(b"\n"))
            return StackPointer(tid, name, int(words[-2], 16))
    return None


def read_stack_pointers(process: ProcDir) -> list[StackPointer]:
    """The stack pointers of all threads but the first, as far as they are told."""
    return [found for tid in list_other_threads(process) if (found := read_stack_pointer(process, tid)) is not None]


def find_stack_row(mappings: Mappings, pointer: StackPointer) -> int | None:
    """The row of the mapping that a stack is in: private, writable, and without a name of its own; None elsewhere."""
    row = int(np.searchsorted(mappings.start, np.uint64(pointer.address), "right")) - 1
    if row < 0 or pointer.address >= int(mappings.end[row]) or mappings.name[row]:
        return None
    return row if mappings.perms_of(row) == "rw-p" else None
