"""A process that is sampled until it ends."""

import os

from smapstop.model.protocol import Pace, Target
from smapstop.model.tick import ExitStatus
from smapstop.proc.exit_status import read_wait_status, split_wait_status
from smapstop.proc.process import ProcDir, max_map_count
from smapstop.proc.successor import read_identity
from smapstop.sampling.launch import Program
from smapstop.sampling.oom_watch import OomWatch
from smapstop.sampling.sampler import Sampler


class WatchedProcess:
    """A process that is sampled: its proc directory, its pidfd, and the program if we launched it."""

    def __init__(self, process: ProcDir, program: Program | None, pace: Pace) -> None:
        self.process = process
        self.program = program
        self.identity = read_identity(process)
        """What it runs."""
        self.pidfd = os.pidfd_open(process.pid)
        self.sampler = Sampler(process, pace)
        self.oom_watch = OomWatch(process.pid, self.sampler.cgroup)

    def target(self) -> Target:
        """Description of the target for the reader."""
        return Target(
            pid=self.process.pid,
            command_line=self.process.command_line(),
            executable=self.process.executable(),
            launched=self.program is not None,
            stopped_at_exec=self.program is not None and self.program.stopped_at_exec,
            started_ns=self.process.started_ns(),
            clock_ticks=os.sysconf("SC_CLK_TCK"),
            max_map_count=max_map_count(),
        )

    def collect_exit_status(self) -> ExitStatus:
        """Return the exit status of the target, and whether the OOM killer ended it; reap it if it is our child."""
        return self.oom_watch.explain(self._collect_wait_status)

    def _collect_wait_status(self) -> ExitStatus:
        """Return the exit status of the target, and reap it if it is our child.

        That of another process is read from /proc, or from its pidfd once its parent has reaped it;
        the result is empty if the kernel does not provide that.
        """
        if self.program is not None:
            _, status = os.waitpid(self.program.pid, 0)
            return ExitStatus(*split_wait_status(status))
        try:
            counters = self.process.counters()
        except OSError:
            reaped = read_wait_status(self.pidfd)
            return ExitStatus() if reaped is None else ExitStatus(*split_wait_status(reaped))
        if counters.exit_code is None:
            return ExitStatus(zombie=True)
        return ExitStatus(*split_wait_status(counters.exit_code), zombie=True)

    def close(self) -> None:
        """Close the files."""
        self.sampler.cgroup.close()
        os.close(self.pidfd)
        self.process.close()
