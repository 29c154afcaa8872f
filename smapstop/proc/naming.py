"""What memory without a name is probably for: thread stacks, arenas of malloc, zeroed data of a file.

The kernel knows no such things. What it prints, `[anon:NAME]`, is taken as it is, and a stack pointer in a mapping
shows whose stack it is; the rest is told by its shape, and is a guess.
"""

import os
from contextlib import suppress
from dataclasses import dataclass

from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir

_ARENA_BYTES = 64 << 20
"""glibc's HEAP_MAX_SIZE on 64 bits: the heaps of all arenas but the main one are so large, and begin at multiples."""
_MOST_GUARD_BYTES = 64 << 10
"""An inaccessible mapping of at most this size, before a writable one, guards a stack."""
_LEAST_STACK_BYTES = 16 << 10


@dataclass(frozen=True, slots=True)
class Label:
    """What a mapping is for."""

    text: str
    guess: bool
    """Whether it is told by its shape alone."""


@dataclass(frozen=True, slots=True)
class StackPointer:
    """Where the stack of a thread is."""

    tid: int
    name: str
    address: int


def labels_of(process: ProcDir, mappings: Mappings) -> list[Label | None]:
    """What each mapping is for, None where its name says it, or nothing is known.

    Args:
        process: That has the mappings.
        mappings: A reading of its memory map.
    """
    return labelled(mappings, stack_pointers(process))


def stack_pointers(process: ProcDir) -> list[StackPointer]:
    """The stack pointers of the threads but the first; of those that run just now, and without permission, none.

    The kernel tells them (/proc/PID/task/TID/syscall) to whom it allows to trace the process (ptrace(2)).
    """
    found = list[StackPointer]()
    try:
        tasks = process.open("task", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return found
    try:
        tids = sorted(int(tid) for tid in os.listdir(tasks))
    finally:
        os.close(tasks)
    for tid in tids:
        if tid == process.pid:
            continue  # its stack has a name
        with suppress(OSError):  # it has ended, or may not be looked at
            words = process.read(f"task/{tid}/syscall").split()
            if len(words) > 2:
                name = os.fsdecode(process.read(f"task/{tid}/comm").rstrip(b"\n"))
                found.append(StackPointer(tid, name, int(words[-2], 16)))
    return found


def labelled(mappings: Mappings, pointers: list[StackPointer]) -> list[Label | None]:
    """What each mapping is for, as `labels_of`; pure.

    Args:
        mappings: In address order.
        pointers: Of the threads, as far as they are known.
    """
    names, perms = ([mappings.texts[code] for code in column.tolist()] for column in (mappings.name, mappings.perms))
    starts, ends = mappings.start.tolist(), mappings.end.tolist()
    labels: list[Label | None] = [_given(name) for name in names]

    def plain(row: int, letters: str) -> bool:
        """Whether a row is memory without a name, and with these permissions."""
        return 0 <= row < len(names) and not names[row] and perms[row] == letters

    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if not plain(row, "rw-p"):
            continue
        reserve = row + 1 if plain(row + 1, "---p") and starts[row + 1] == end else row
        before = names[row - 1] if row and ends[row - 1] == start and perms[row - 1] == "rw-p" else ""
        guard = plain(row - 1, "---p") and ends[row - 1] == start <= starts[row - 1] + _MOST_GUARD_BYTES
        if start % _ARENA_BYTES == 0 and end - start <= _ARENA_BYTES <= ends[reserve] - start:
            labels[reserve] = Label("reserve of a malloc arena (glibc)", guess=True)
            labels[row] = Label("malloc arena (glibc)", guess=True)
        elif guard and end - start >= _LEAST_STACK_BYTES:
            labels[row - 1] = labels[row - 1] or Label("guard of a stack", guess=True)
            labels[row] = Label("stack of a thread", guess=True)
        elif before.startswith("/"):
            labels[row] = Label(f"zeroed data (.bss) of {before.rpartition('/')[2]}", guess=True)
    for pointer in pointers:
        row = int(mappings.start.searchsorted(pointer.address, "right")) - 1
        if plain(row, "rw-p") and pointer.address < ends[row]:
            labels[row] = Label(f"stack of thread {pointer.tid} {pointer.name}", guess=False)
    return labels


def _given(name: str) -> Label | None:
    """What the program itself calls anonymous memory (prctl(2), PR_SET_VMA_ANON_NAME)."""
    for prefix in ("[anon:", "[anon_shmem:"):
        if name.startswith(prefix):
            return Label(name.removeprefix(prefix).removesuffix("]").strip(), guess=False)
    return None
