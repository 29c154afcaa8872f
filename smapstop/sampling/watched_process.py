"""A process that is sampled until it ends."""

import os
from contextlib import suppress

from smapstop.model.protocol import Pace, Target
from smapstop.model.remote_host import RemoteHost
from smapstop.model.tick import ExitStatus, Tick
from smapstop.proc.columns import Counters
from smapstop.proc.exit_status import read_wait_status, split_wait_status
from smapstop.proc.process import ProcDir
from smapstop.proc.successor import read_identity
from smapstop.sampling.launch import Program
from smapstop.sampling.oom_watch import OomWatch
from smapstop.sampling.ready_fds import ready_fds
from smapstop.sampling.sampler import Sampler

_END_SECONDS = 0.5
"""Time that a process whose files are gone may still take to end."""


class WatchedProcess:
    """A process that is sampled: its proc directory, its pidfd, and the program if we launched it.

    Raises:
        OSError: It has just ended, or there are too many open files; its directory stays open.
    """

    def __init__(
        self, process: ProcDir, program: Program | None, pace: Pace, *, callers: bool = False, via: str = ""
    ) -> None:
        self.process = process
        self.program = program
        self.callers, self._via = callers, via
        self.identity = read_identity(process)
        """What it runs."""
        self.pidfd = os.pidfd_open(process.pid) if process.is_local else None
        """Fd that is readable when it has ended; None elsewhere, where its files show it."""
        try:
            self.sampler = Sampler(process, pace, callers=callers)
        except OSError:
            if self.pidfd is not None:
                os.close(self.pidfd)
            raise
        self.faults_fd = self.sampler.faults.fileno() if self.sampler.faults else None
        """Fd that is readable when samples of page faults should be taken; None if they are not watched."""
        self._oom_watch = OomWatch(process.pid, self.sampler.cgroup)

    @property
    def fds(self) -> list[int]:
        """Fds that are readable when something is to be done."""
        return [fd for fd in (self.pidfd, self.faults_fd) if fd is not None]

    def target(self) -> Target:
        """Description of the target for the reader."""
        return Target(
            pid=self.process.pid,
            command_line=self.process.command_line(),
            executable=self.process.executable(),
            launched=self.program is not None,
            stopped_at_exec=self.program is not None and self.program.stopped_at_exec,
            started_ns=self.process.started_ns(),
            clock_ticks=self.process.clock_ticks,
            max_map_count=self.process.max_map_count(),
            remote_host=RemoteHost(self._via, self.process.kernel(), self.process.page_kb) if self._via else None,
            missing_callers=self.sampler.missing_callers,
            user=self.process.user(),
        )

    def sample(self) -> Tick | None:
        """Sample the process; None if it is gone, and then `has_ended` says whether it has.

        Raises:
            ConnectionLostError: It is elsewhere, and the connection is broken.
        """
        counts = self._oom_watch.read()
        try:
            tick = self.sampler.sample()
        except (FileNotFoundError, ProcessLookupError):
            return None
        self._oom_watch.store(counts)
        if tick.executed:
            with suppress(OSError):  # it has ended since
                self.identity = read_identity(self.process)
        return tick

    def has_ended(self) -> bool:
        """Whether a process that is gone has ended; it may still be about to, for a moment."""
        return self.pidfd is None or bool(ready_fds([self.pidfd], _END_SECONDS))

    def finish(self) -> Tick | None:
        """Close a process that has ended; return its last tick, None if it was never sampled."""
        counters = self._last_counters()
        tick = self.sampler.final_tick(self._oom_watch.explain(self._collect_wait_status), counters)
        self.close()
        return tick

    def _last_counters(self) -> Counters | None:
        """Return the counters of the process, which has ended; None if its parent has reaped it already."""
        try:
            return self.process.counters()
        except OSError:
            return None

    def _collect_wait_status(self) -> ExitStatus:
        """Return the exit status of the target, and reap it if it is our child.

        That of another process is read from /proc, or from its pidfd once its parent has reaped it;
        the result is empty if the kernel does not provide that.
        """
        if self.program is not None:
            _, status = os.waitpid(self.program.pid, 0)
            return ExitStatus(*split_wait_status(status))
        counters = self._last_counters()
        if counters is None:
            reaped = None if self.pidfd is None else read_wait_status(self.pidfd)
            return ExitStatus() if reaped is None else ExitStatus(*split_wait_status(reaped))
        if counters.exit_code is None:
            return ExitStatus(zombie=True)
        return ExitStatus(*split_wait_status(counters.exit_code), zombie=True)

    def close(self) -> None:
        """Close the files."""
        self.sampler.close()
        if self.pidfd is not None:
            os.close(self.pidfd)
        self.process.close()
