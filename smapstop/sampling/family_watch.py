"""Watch the family of a process: readings of all members, samples of some, within their part of the budget."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

from smapstop.errors import SmapstopError
from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import MemberMessage, MemberRequest, Pace, Target
from smapstop.proc.process import ProcDir
from smapstop.proc.remote.process import RemoteMachine, RemoteProcDir
from smapstop.proc.remote.shell import ConnectionLostError
from smapstop.sampling.family_reader import LEAST_INTERVAL_NS, FamilyReader
from smapstop.sampling.ready_fds import ready_fds
from smapstop.sampling.watched_process import WatchedProcess

TARGET_SHARE, _READING_SHARE, _SAMPLE_SHARE = 0.25, 0.5, 0.25
"""Shares of the budget: of the target, of the readings of its family, of the samples of members."""
_SCAN_SHARE = 1 / 3
"""Share of the readings' time for finding out who is in the family."""


class FamilyWatch:
    """Readings of a family, and samples of some members.

    Args:
        reader: Reader of the family; it is closed with the watch.
        pace: Interval and whole budget.
        callers: Whether it is found out which code makes the page faults of the members that are sampled.
        open_process: Opens the directory of a member to sample it.
        via: The command that gives a shell where they are; empty for here.
    """

    def __init__(
        self,
        reader: FamilyReader,
        pace: Pace,
        *,
        callers: bool = False,
        open_process: Callable[[int], ProcDir] = ProcDir,
        via: str = "",
    ) -> None:
        self._open_process, self._via = open_process, via
        self._callers = callers
        self._reader = reader
        self._members: dict[int, WatchedProcess] = {}
        self._reading_due_ns = self._scan_due_ns = time.monotonic_ns()
        self._is_first = True
        self.set_pace(pace)

    @property
    def due_ns(self) -> int:
        """When the next reading or sample is due, monotonic clock, ns."""
        return min([self._reading_due_ns, *(member.sampler.pacer.due_ns for member in self._members.values())])

    @property
    def fds(self) -> list[int]:
        """Fds that are readable when something is to be done for a sampled member."""
        return [fd for member in self._members.values() for fd in member.fds]

    def set_pace(self, pace: Pace) -> None:
        """Set the interval and the whole budget."""
        self._pace = pace
        for member in self._members.values():
            member.sampler.pacer.pace = self._member_pace()

    def sample_members(self, pids: tuple[int, ...]) -> Iterator[MemberMessage]:
        """Sample these members, and no others; those that cannot be watched are left out."""
        for pid in set(self._members) - set(pids):
            self._members.pop(pid).close()
        for pid in pids:
            if pid not in self._members:
                try:
                    member, target = self._open_member(pid)
                except ConnectionLostError:
                    raise
                except (SmapstopError, OSError):
                    continue
                self._members[pid] = member
                yield MemberMessage(pid, target)
        self.set_pace(self._pace)

    def _open_member(self, pid: int) -> tuple[WatchedProcess, Target]:
        """Open a member, and describe it.

        Raises:
            SmapstopError: It has ended.
            OSError: It has just ended, or there are too many open files.
        """
        process = self._open_process(pid)
        with ExitStack() as opened:
            opened.callback(process.close)
            member = WatchedProcess(process, None, self._member_pace(), callers=self._callers, via=self._via)
            opened.pop_all()
            opened.callback(member.close)
            target = member.target()
            opened.pop_all()
        return member, target

    def step(self) -> Iterator[FamilyReading | MemberMessage]:
        """Do what is due."""
        now_ns = time.monotonic_ns()
        if now_ns >= self._reading_due_ns:
            yield self._read(now_ns)
        ready = ready_fds(self.fds)
        for pid, member in list(self._members.items()):
            if member.pidfd in ready:
                yield from self._finish(pid)
            elif now_ns >= member.sampler.pacer.due_ns:
                yield from self._sample(pid)
            elif member.faults_fd in ready:
                member.sampler.drain_faults()

    def sample_now(self) -> Iterator[MemberMessage]:
        """Sample all members that are sampled, whatever is due."""
        for pid in list(self._members):
            yield from self._sample(pid)

    def return_through(self, machine: RemoteMachine) -> None:
        """Go on reading members elsewhere through another shell, as the one before has ended."""
        for member in self._members.values():
            if isinstance(member.process, RemoteProcDir):
                member.process.return_through(machine)

    def answer(self, request: MemberRequest) -> MemberMessage | None:
        """Answer a request about a mapping of a member; None if it is not sampled, or has no tick yet."""
        member = self._members.get(request.pid)
        if member is None or not member.sampler.has_ticks:
            return None
        return MemberMessage(request.pid, member.sampler.answer(request.request))

    def close(self) -> None:
        """Close all files."""
        self._reader.close()
        for member in self._members.values():
            member.close()
        self._members.clear()

    def _member_pace(self) -> Pace:
        """Pace of each member that is sampled."""
        return replace(self._pace, budget=self._pace.budget * _SAMPLE_SHARE / max(1, len(self._members)))

    def _read(self, now_ns: int) -> FamilyReading:
        """Read the family; who is in it is found out less often if that takes too long."""
        interval_ns = max(self._pace.interval_ns, LEAST_INTERVAL_NS)
        share = self._pace.budget * _READING_SHARE
        scan_share, memory_share = share * _SCAN_SHARE, share * (1 - _SCAN_SHARE)
        if now_ns >= self._scan_due_ns or self._reader.scans_always:
            self._reader.scan()
            self._scan_due_ns = now_ns + int(self._reader.scan_cost_ns / scan_share)
        reading = self._reader.read(int(memory_share * interval_ns), interval_ns)
        self._reading_due_ns = now_ns + max(interval_ns, int(reading.cost_ns / memory_share))
        if self._reader.scans_always and self._is_first:  # it has only found whose memory to ask for
            self._reading_due_ns = time.monotonic_ns()
        self._is_first = False
        return reading

    def _sample(self, pid: int) -> Iterator[MemberMessage]:
        """Sample a member; or finish when it has ended."""
        sampler = self._members[pid].sampler
        is_first = not sampler.has_ticks
        tick = self._members[pid].sample()
        if is_first:  # it costs several times as much, and what is new is only seen from the second on
            sampler.pacer.drop_debt(time.monotonic_ns())
        if tick is not None:
            yield MemberMessage(pid, tick)
        elif self._members[pid].has_ended():
            yield from self._finish(pid)

    def _finish(self, pid: int) -> Iterator[MemberMessage]:
        """Send how a member ended, and close it."""
        tick = self._members.pop(pid).finish()
        if tick is not None:
            yield MemberMessage(pid, tick)
