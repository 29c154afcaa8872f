"""Watch the OOM killer's counters, to know whether it killed the process, and for which limit."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from smapstop.model.tick import ExitStatus, OomKill, OomLimit
from smapstop.proc.cgroup import MemoryLimit, OomCounts
from smapstop.sampling.process_cgroup import ProcessCgroup

_SIGKILL = 9
_DYING_NS = 2_000_000_000
"""How long a process that was killed may still be read, on a busy machine."""


class OomWatch:
    """Counters of the OOM killer while a process runs, and when it has ended.

    A process that the OOM killer chose may still be read for a moment, so the counters are compared with those before
    that moment, and of two readings before at least.

    Args:
        pid: The process.
        group: Its control group, which the caller closes.
    """

    def __init__(self, pid: int, group: ProcessCgroup) -> None:
        self._pid, self._group = pid, group
        self._counted = group.cgroup
        self._counts: deque[tuple[int, OomCounts]] = deque()
        """Counters, with the time when they were stored, monotonic clock, ns."""

    def read(self) -> OomCounts:
        """Read the counters."""
        self._follow()
        return self._now()

    def store(self, counts: OomCounts) -> None:
        """Store counters that were read while the process still ran, before it was read."""
        now_ns = time.monotonic_ns()
        self._counts.append((now_ns, counts))
        while len(self._counts) > 2 and self._counts[1][0] <= now_ns - _DYING_NS:
            self._counts.popleft()

    def explain(self, end: Callable[[], ExitStatus]) -> ExitStatus:
        """Explain the end of the process.

        Args:
            end: Collects the exit status, which may free the process's entry in /proc.

        Returns:
            The exit status; with what the OOM killer has to do with it.
        """
        self._follow()
        ending = end()
        if ending.status is not None or ending.signal not in (None, _SIGKILL) or not self._counts:
            return ending
        (_, before), now = self._counts[0], self._now()
        return replace(ending, oom=oom_kill_between(before, now, self._pid, is_killed=ending.signal == _SIGKILL))

    def _follow(self) -> None:
        """Follow the process to another control group; counters of the group before say nothing then."""
        self._group.follow()
        if self._group.cgroup is not self._counted:
            self._counted = self._group.cgroup
            for at, (stored_ns, counts) in enumerate(self._counts):
                self._counts[at] = stored_ns, OomCounts(counts.machine_kills)

    def _now(self) -> OomCounts:
        """The counters now."""
        return self._group.cgroup.counts() if self._group.cgroup else OomCounts(self._group.machine_oom_kills())


def oom_kill_between(before: OomCounts, after: OomCounts, pid: int, *, is_killed: bool) -> OomKill | None:
    """Decide whether the OOM killer ended a process; `None` if not.

    It is sure that it killed the process if SIGKILL ended that, the OOM killer took one of its control group, and no
    other process of that group is gone.

    Args:
        before: Counters while it ran.
        after: Counters when it had ended.
        pid: The process.
        is_killed: It is known that SIGKILL ended it.
    """
    kills = _rise(before.kills, after.kills)
    machine = _rise(before.machine_kills, after.machine_kills)
    if machine == 0 or kills == 0 or not (kills or machine):
        return None
    if not kills:  # the group is gone, or cannot be seen
        return OomKill(sure=False, limit=_smallest(before.limits or after.limits))
    reached = [
        now
        for was, now in zip(before.limits, after.limits, strict=False)
        if was.path == now.path and _rise(was.reached, now.reached)
    ]
    others = None if before.members is None else before.members - {pid}
    is_alone = others is not None and after.members is not None and 0 not in others and others <= after.members
    return OomKill(sure=is_killed and is_alone, limit=_smallest(reached))


def _rise(before: int | None, after: int | None) -> int | None:
    """Increase of a counter; `None` if unknown."""
    return None if before is None or after is None else after - before


def _smallest(limits: Iterable[MemoryLimit]) -> OomLimit | None:
    """The smallest limit; `None` without any: then the machine had no memory left."""
    known = [(limit.limit_bytes, limit.path) for limit in limits if limit.limit_bytes is not None]
    return OomLimit(*min(known)) if known else None
