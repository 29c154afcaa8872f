"""Find the mappings that hold thread stacks, a few threads per tick."""

import time
from collections import Counter, deque
from dataclasses import replace

from smapstop.model.protocol import ThreadsReply
from smapstop.model.tick import Ids, ThreadStack
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.threads import find_stack_row, list_other_threads, read_stack_pointer, read_thread_stats

MAX_NEW_PER_TICK = 16
"""Limit of new threads examined per tick, 20 to 70 µs each."""
MAX_RECHECKED_PER_TICK = 2
"""Limit of known threads examined again per tick: their name or stack may have changed."""
MAX_THREADS = 2000
"""Limit of threads that are read for a request: 30 ms."""
_MAX_SOUGHT = 100
"""Limit of threads whose stacks are located for a request."""
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

    def read_threads(self, mappings: Mappings, ids: Ids) -> ThreadsReply:
        """Read all threads, in mappings read before, and seek the stacks of some that are not known."""
        try:
            stats, total = read_thread_stats(self._process, MAX_THREADS)
        except OSError as error:
            return ThreadsReply(missing_reason=f"the threads cannot be read: {error.strerror}")
        if not self._thread_count:
            self._list_threads()
        count = min(_MAX_SOUGHT, len(self._new_threads))
        self._find_stacks([self._new_threads.popleft() for _ in range(count)], mappings, ids)
        stacks = {tid: stack.mapping for tid, stack in self._stack_of_thread.items()}
        rows = range(len(ids) - 1, -1, -1)  # that of the main thread is near the end
        main = next((row for row in rows if mappings.name_of(row) == "[stack]"), None)
        if main is not None:
            stacks[self._process.pid] = int(ids[main])
        return ThreadsReply(
            monotonic_ns=time.monotonic_ns(),
            tids=tuple(stat.tid for stat in stats),
            names=tuple(stat.name for stat in stats),
            states="".join(stat.state for stat in stats),
            cpu_ticks=tuple(stat.cpu_ticks for stat in stats),
            stacks=tuple(stacks.get(stat.tid, -1) for stat in stats),
            total=total,
        )

    def changes(self, counters: Counters, mappings: Mappings, ids: Ids) -> tuple[ThreadStack, ...]:
        """Changes of stacks since the last call, in mappings just read; tid 0: no longer a stack."""
        thread_count = counters.threads or 0
        if thread_count <= 1 and not self._reported:
            return ()
        self._tick_count += 1
        if thread_count != self._thread_count or self._tick_count % LIST_EVERY_TICKS == 0:
            self._thread_count = thread_count
            self._list_threads()
        self._find_stacks(
            [
                queue.popleft()
                for queue, limit in (
                    (self._known_threads, MAX_RECHECKED_PER_TICK),
                    (self._new_threads, MAX_NEW_PER_TICK),
                )
                for _ in range(min(limit, len(queue)))
            ],
            mappings,
            ids,
        )
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

    def _find_stacks(self, tids: list[int], mappings: Mappings, ids: Ids) -> None:
        """Find the stacks of threads, whose files are read together."""
        with self._process.prefetch([f"task/{tid}/{name}" for tid in tids for name in ("syscall", "comm")]):
            for tid in tids:
                self._find_stack(tid, mappings, ids)

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
