"""The connection to where the watched process is: made again when it breaks, ever more rarely while that fails."""

import time

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Pace
from smapstop.proc.remote.process import RemoteMachine, RemoteMemberDir, RemoteProcDir
from smapstop.proc.remote.shell import RETRY_SECONDS, START_SECONDS, ConnectionLostError, RemoteShell
from smapstop.sampling.family_files import RemoteFamilyFiles
from smapstop.sampling.family_reader import FamilyReader
from smapstop.sampling.family_watch import FamilyWatch

FIRST_WAIT_NS = 1_000_000_000
"""Time before a connection is made again."""
LONGEST_WAIT_NS = 30_000_000_000
"""Time to which that grows."""


class RemoteLink:
    """A shell where a process is, and the directory of that process.

    Raises:
        SmapstopError: The command gives no shell, or there is no such process.
    """

    def __init__(self, command: str, pid: int) -> None:
        self._command = command
        self._shell: RemoteShell | None = RemoteShell(command, START_SECONDS)
        try:
            self.process = RemoteProcDir(RemoteMachine(self._shell), pid)
        except BaseException:
            self._shell.close()
            raise
        self.due_ns: int | None = None
        """When to connect again, monotonic clock; None while connected."""
        self._wait_ns = FIRST_WAIT_NS

    def lose(self) -> None:
        """Close what is left of the connection, and wait before it is made again."""
        self.close()
        self.due_ns = time.monotonic_ns() + self._wait_ns
        self._wait_ns = min(2 * self._wait_ns, LONGEST_WAIT_NS)

    def reconnect(self) -> bool | None:
        """Make the connection again.

        Returns:
            Whether the process is still there; None if there is no connection yet.
        """
        try:
            self._shell = RemoteShell(self._command, RETRY_SECONDS, may_ask=False)
            is_there = self.process.return_through(RemoteMachine(self._shell))
        except (SmapstopError, ConnectionLostError):
            self.lose()
            return None
        self.due_ns, self._wait_ns = None, FIRST_WAIT_NS
        return is_there

    def watch_family(self, pace: Pace) -> FamilyWatch:
        """Watch the family of the process there."""
        reader = FamilyReader(self.process.pid, RemoteFamilyFiles(self.process))
        return FamilyWatch(reader, pace, open_process=self._open_member, via=self._command)

    def _open_member(self, pid: int) -> RemoteMemberDir:
        """Open the directory of another process there, through the same shell."""
        return RemoteMemberDir(self.process.machine, pid)

    def close(self) -> None:
        """Close the shell."""
        if self._shell is not None:
            self._shell.close()
            self._shell = None
