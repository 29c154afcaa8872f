"""Whose stack is where: the threads of a process, a few at a time."""

from collections import deque

from smapstop.model.tick import Ids, ThreadStack
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.threads import find_stack_row, list_other_threads, read_stack_pointer

MAX_NEW_PER_TICK = 16
"""So many new threads are looked at in a tick, 20 to 70 µs each."""
MAX_RECHECKED_PER_TICK = 2
"""So many that are known are looked at again: they may have another name by now, or another stack."""
LIST_EVERY_TICKS = 10
"""Ticks after which the threads are listed anew even if they are as many as before."""


class StackTracker:
    """Remembers the stacks of the threads of one process, to tell which are new, renamed, or nobody's any more."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._stack_of_thread: dict[int, ThreadStack] = {}
        self._reported: dict[int, ThreadStack] = {}
        self._new_threads: deque[int] = deque()
        self._known_threads: deque[int] = deque()
        self._thread_count, self._tick_count = 0, 0

    def changes(self, counters: Counters, mappings: Mappings, ids: Ids) -> tuple[ThreadStack, ...]:
        """What is new of the stacks in mappings just read; one with thread 0 is nobody's any more."""
        if counters.threads <= 1 and not self._reported:
            return ()
        self._tick_count += 1
        if counters.threads != self._thread_count or self._tick_count % LIST_EVERY_TICKS == 0:
            self._thread_count = counters.threads
            self._list_threads()
        for waiting, most in ((self._known_threads, MAX_RECHECKED_PER_TICK), (self._new_threads, MAX_NEW_PER_TICK)):
            for _ in range(min(most, len(waiting))):
                self._find_stack(waiting.popleft(), mappings, ids)
        now = {stack.mapping: stack for stack in self._stack_of_thread.values()}
        left = [ThreadStack(mapping, 0, "") for mapping in self._reported if mapping not in now]
        new = [stack for mapping, stack in now.items() if self._reported.get(mapping) != stack]
        self._reported = now
        return (*left, *new)

    def _list_threads(self) -> None:
        """Learn which threads there are, and forget those that ended."""
        alive = set(list_other_threads(self._process))
        self._known_threads = deque(tid for tid in self._known_threads if tid in alive)
        self._new_threads = deque(sorted(alive.difference(self._known_threads)))
        self._stack_of_thread = {tid: stack for tid, stack in self._stack_of_thread.items() if tid in alive}

    def _find_stack(self, tid: int, mappings: Mappings, ids: Ids) -> None:
        """Look where the stack of a thread is; while it runs that is not told, and it is where it was."""
        pointer = read_stack_pointer(self._process, tid)
        if pointer is None and tid not in self._stack_of_thread:
            self._new_threads.append(tid)
            return
        self._known_threads.append(tid)
        if pointer is None:
            return
        row = find_stack_row(mappings, pointer)
        if row is None:
            self._stack_of_thread.pop(tid, None)
        else:
            self._stack_of_thread[tid] = ThreadStack(int(ids[row]), tid, pointer.name)
