"""Watch the processes of some names elsewhere through one shell, which is connected again when it breaks."""

import time
from collections.abc import Callable, Sequence

from smapstop.errors import SmapstopError
from smapstop.model.fleet.figures import FleetFigures
from smapstop.model.grouping import Grouping
from smapstop.model.protocol import Pace
from smapstop.proc.remote.process import RemoteMachine, RemoteMemberDir, RemoteProcDir
from smapstop.proc.remote.processes import RemoteProcesses
from smapstop.proc.remote.shell import RETRY_SECONDS, START_SECONDS, ConnectionLostError, RemoteShell
from smapstop.sampling.family_files import RemoteFamilyFiles
from smapstop.sampling.fleet_reader import FleetName
from smapstop.sampling.fleet_watch import FleetWatch
from smapstop.sampling.remote_link import FIRST_WAIT_NS, LONGEST_WAIT_NS


class RemoteFleet:
    """Watch a fleet elsewhere, as `FleetWatch` does here.

    Args:
        command: Gives a shell there.
        words: Names of the processes, and pids.
        pace: Interval and budget.
        by: How mappings are grouped.
        top: Number of groups with a label of their own.
        families: Watch the families of these processes, too.
        say: Called with what the user should know, a line each.

    Raises:
        SmapstopError: The command gives no shell, or a pid is that of no process that may be read.
    """

    def __init__(
        self,
        command: str,
        words: Sequence[str],
        pace: Pace,
        *,
        by: Grouping,
        top: int,
        families: bool = False,
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._command, self._say = command, say
        self._wait_ns = FIRST_WAIT_NS
        self._retry_due_ns = 0
        self._shell: RemoteShell | None = None
        self.machine = self._connect(START_SECONDS, may_ask=True)
        """The machine that is read; another object after the connection was made again."""
        try:
            names = [self._find_name(word) for word in words]
        except BaseException:
            self._disconnect()
            raise
        self._watch = FleetWatch(
            names,
            pace,
            by=by,
            top=top,
            families=families,
            say=say,
            files=RemoteFamilyFiles(self),
            open_process=lambda pid: RemoteMemberDir(self.machine, pid),
            via=command,
        )

    @property
    def due_ns(self) -> int:
        """When the next reading or sample is due, or the next try to connect, monotonic clock, ns."""
        return self._retry_due_ns if self._shell is None else self._watch.due_ns

    def step(self) -> None:
        """Do what is due."""
        try:
            if self._shell is None:
                self.machine = self._connect(RETRY_SECONDS, may_ask=False)
                self._watch.return_through(self.machine)
                self._wait_ns = FIRST_WAIT_NS
                self._say("connected again")
            self._watch.step()
        except (ConnectionLostError, SmapstopError) as error:
            self._lose(str(error))

    def figures(self) -> FleetFigures:
        """Figures of all that is known now."""
        return self._watch.figures()

    def close(self) -> None:
        """Close the shell, and what was read through it."""
        self._watch.close()
        self._disconnect()

    def _connect(self, seconds: float, *, may_ask: bool) -> RemoteMachine:
        """Have a shell, and the machine behind it."""
        self._shell = RemoteShell(self._command, seconds, may_ask=may_ask)
        try:
            return RemoteMachine(self._shell)
        except BaseException:
            self._disconnect()
            raise

    def _lose(self, why: str) -> None:
        """Close what is left of the connection, and wait before it is made again."""
        if self._shell is not None:
            self._say(f"the connection is lost: {why}; smapstop tries again")
            self._disconnect()
        self._retry_due_ns = time.monotonic_ns() + self._wait_ns
        self._wait_ns = min(2 * self._wait_ns, LONGEST_WAIT_NS)

    def _disconnect(self) -> None:
        if self._shell is not None:
            self._shell.close()
            self._shell = None

    def _find_name(self, word: str) -> FleetName:
        """A name to watch; a pid stands for the process that has it now.

        Raises:
            SmapstopError: There is no such process, or it may not be read.
        """
        if not (word.isascii() and word.isdecimal()):
            return FleetName(word)
        process = RemoteProcDir(self.machine, RemoteProcesses(self.machine).find(word))
        process.require_memory()
        counters = process.counters()
        return FleetName(counters.name, (process.pid, counters.start_time))
