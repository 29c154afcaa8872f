"""Whose stack is where: the threads of a process, a few at a time."""

from collections import deque

from smapstop.model.tick import Ids, ThreadStack
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.threads import find_stack_row, list_other_threads, read_stack_pointer

MOST_NEW = 16
"""So many new threads are looked at in a tick, 20 to 70 µs each."""
MOST_AGAIN = 2
"""So many that are known are looked at again: they may have another name by now, or another stack."""
LISTED_EVERY = 10
"""Ticks after which the threads are listed anew even if they are as many as before."""


class Stacks:
    """Remembers the stacks of the threads of one process, to tell which are new, renamed, or nobody's any more."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._found: dict[int, ThreadStack] = {}
        self._told: dict[int, ThreadStack] = {}
        self._unseen: deque[int] = deque()
        self._seen: deque[int] = deque()
        self._threads, self._ticks = 0, 0

    def news(self, counters: Counters, mappings: Mappings, ids: Ids) -> tuple[ThreadStack, ...]:
        """What is new of the stacks in mappings just read; one with thread 0 is nobody's any more."""
        if counters.threads <= 1 and not self._told:
            return ()
        self._ticks += 1
        if counters.threads != self._threads or self._ticks % LISTED_EVERY == 0:
            self._threads = counters.threads
            self._list()
        for waiting, most in ((self._seen, MOST_AGAIN), (self._unseen, MOST_NEW)):
            for _ in range(min(most, len(waiting))):
                self._look(waiting.popleft(), mappings, ids)
        now = {stack.mapping: stack for stack in self._found.values()}
        left = [ThreadStack(mapping, 0, "") for mapping in self._told if mapping not in now]
        new = [stack for mapping, stack in now.items() if self._told.get(mapping) != stack]
        self._told = now
        return (*left, *new)

    def _list(self) -> None:
        """Learn which threads there are, and forget those that ended."""
        alive = set(list_other_threads(self._process))
        self._seen = deque(tid for tid in self._seen if tid in alive)
        self._unseen = deque(sorted(alive.difference(self._seen)))
        self._found = {tid: stack for tid, stack in self._found.items() if tid in alive}

    def _look(self, tid: int, mappings: Mappings, ids: Ids) -> None:
        """Look where the stack of a thread is; while it runs that is not told, and it is where it was."""
        pointer = read_stack_pointer(self._process, tid)
        if pointer is None and tid not in self._found:
            self._unseen.append(tid)
            return
        self._seen.append(tid)
        if pointer is None:
            return
        row = find_stack_row(mappings, pointer)
        if row is None:
            self._found.pop(tid, None)
        else:
            self._found[tid] = ThreadStack(int(ids[row]), tid, pointer.name)
