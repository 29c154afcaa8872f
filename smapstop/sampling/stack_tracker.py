"""Find the mappings that hold thread stacks, a few threads per tick."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import replace

from smapstop.model.tick import Ids, ThreadStack
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.threads import find_stack_row, list_other_threads, read_stack_pointer

MAX_NEW_PER_TICK = 16
"""Limit of new threads examined per tick, 20 to 70 µs each."""
MAX_RECHECKED_PER_TICK = 2
"""Limit of known threads examined again per tick: their name or stack may have changed."""
LIST_EVERY_TICKS = 10
"""Ticks after which the threads are listed again even if their number is unchanged."""


class StackTracker:
    """Track the stacks of a process's threads, to report which are new, renamed, or no longer in use."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._stack_of_thread: dict[int, ThreadStack] = {}
        self._reported: dict[int, ThreadStack] = {}
        self._new_threads: deque[int] = deque()
        self._known_threads: deque[int] = deque()
        self._thread_count, self._tick_count = 0, 0

    def find_stacks(self, limit: int, mappings: Mappings, ids: Ids) -> Mapping[int, int]:
        """Mapping of each known stack by thread, after a search for at most `limit` more."""
        if not self._thread_count:
            self._list_threads()
        for _ in range(min(limit, len(self._new_threads))):
            self._find_stack(self._new_threads.popleft(), mappings, ids)
        return {tid: stack.mapping for tid, stack in self._stack_of_thread.items()}

    def changes(self, counters: Counters, mappings: Mappings, ids: Ids) -> tuple[ThreadStack, ...]:
        """Changes of stacks since the last call, in mappings just read; tid 0: no longer a stack."""
        thread_count = counters.threads or 0
        if thread_count <= 1 and not self._reported:
            return ()
        self._tick_count += 1
        if thread_count != self._thread_count or self._tick_count % LIST_EVERY_TICKS == 0:
            self._thread_count = thread_count
            self._list_threads()
        for queue, limit in ((self._known_threads, MAX_RECHECKED_PER_TICK), (self._new_threads, MAX_NEW_PER_TICK)):
            for _ in range(min(limit, len(queue))):
                self._find_stack(queue.popleft(), mappings, ids)
        now = self._stacks_by_mapping()
        freed = [ThreadStack(mapping, 0, "") for mapping in self._reported if mapping not in now]
        new = [stack for mapping, stack in now.items() if self._reported.get(mapping) != stack]
        self._reported = now
        return (*freed, *new)

    def _stacks_by_mapping(self) -> dict[int, ThreadStack]:
        """Threads by the mapping that their stack pointers are in; of several the first, with their number."""
        counts = Counter(stack.mapping for stack in self._stack_of_thread.values())
        first: dict[int, ThreadStack] = {}
        for _, stack in sorted(self._stack_of_thread.items()):
            first.setdefault(stack.mapping, stack)
        return {mapping: replace(stack, threads=counts[mapping]) for mapping, stack in first.items()}

    def _list_threads(self) -> None:
        """List the threads, the main one last, and drop those that ended."""
        alive = {*list_other_threads(self._process), self._process.pid}
        self._known_threads = deque(tid for tid in self._known_threads if tid in alive)
        new = alive.difference(self._known_threads)
        self._new_threads = deque(sorted(new, key=lambda tid: (tid == self._process.pid, tid)))
        self._stack_of_thread = {tid: stack for tid, stack in self._stack_of_thread.items() if tid in alive}

    def _find_stack(self, tid: int, mappings: Mappings, ids: Ids) -> None:
        """Find the stack of a thread by its stack pointer; unknown while it runs, when the old one is kept."""
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
