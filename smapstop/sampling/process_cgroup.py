"""The control group of a process, followed when it moves to another one; and its limits."""

from contextlib import closing, suppress

from smapstop.proc.cgroup import (
    NOT_READABLE,
    MemoryCgroup,
    machine_oom_kills,
    open_memory_cgroup,
    why_no_memory_cgroup,
)
from smapstop.proc.limits import Limits, parse_rlimits
from smapstop.proc.process import ProcDir
from smapstop.proc.remote.cgroup import RemoteCgroup
from smapstop.proc.remote.process import RemoteProcDir
from smapstop.proc.stat import is_exiting


class ProcessCgroup:
    """The control group that limits a process's memory; its files stay readable when the process is gone."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._group = b""
        self._unseen: str | None = None
        """Why no group was found."""
        self.cgroup: MemoryCgroup | None = None
        """The group that was found last; None if there is none, it cannot be seen, or it is elsewhere."""
        self.remote = RemoteCgroup(process) if isinstance(process, RemoteProcDir) else None
        """The group of a process elsewhere."""

    def follow(self) -> None:
        """Open the group of the process again if it has moved to another one; see `elsewhere` for other machines."""
        if not self._process.is_local:
            return
        with suppress(OSError):  # it is gone, or this kernel has no control groups
            group = self._process.read("cgroup")
            if group != self._group and not self._is_misplaced():
                cgroup = open_memory_cgroup(self._process)
                self._unseen = why_no_memory_cgroup(self._process) if cgroup is None else None
                self.close()
                self._group, self.cgroup = group, cgroup

    def limits(self) -> Limits:
        """Read the limits of the process, as far as they may be read."""
        self.follow()
        rlimits: dict[str, int] = {}
        with suppress(OSError):  # not permitted, or the process is gone
            rlimits = parse_rlimits(self._process.read("limits"))
        group = self.remote or self.cgroup
        memory = None if group is None else group.memory()
        missing = None if memory is not None else self._missing()
        return Limits(self._process.max_map_count(), **rlimits, cgroup=memory, cgroup_missing=missing)

    def _missing(self) -> str | None:
        """Why the group cannot be read; `None` if there is none, or if the process is gone."""
        if self.remote is not None:
            return self.remote.missing
        return self._unseen if self.cgroup is None else NOT_READABLE

    def machine_oom_kills(self) -> int | None:
        """Processes that the OOM killer has killed on the machine; `None` if that is another one."""
        return machine_oom_kills() if self._process.is_local else None

    def close(self) -> None:
        """Close the files."""
        if self.cgroup is not None:
            self.cgroup.close()
        self.cgroup = None

    def _is_misplaced(self) -> bool:
        """Whether the group in /proc is not that of the process: version 1 says "/" of one that exits."""
        return self.cgroup is not None and self.cgroup.version == 1 and is_exiting(self._process.read("stat"))


def read_limits(process: ProcDir) -> Limits:
    """Read the limits of a process once."""
    with closing(ProcessCgroup(process)) as group:
        return group.limits()
