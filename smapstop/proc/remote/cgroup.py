"""Memory and limits of the control groups of a process elsewhere, read through a shell there."""

from smapstop.proc.cgroup import NOT_READABLE, NOT_SEEN, MemoryCgroup, limit_file, memory_files
from smapstop.proc.cgroup_directories import is_in_memory_group, memory_directories
from smapstop.proc.limits import CgroupMemory
from smapstop.proc.remote.process import RemoteProcDir
from smapstop.proc.remote.shell import ConnectionLostError

_LONG = "memory.stat"
"""The one file that is quicker read by cat than by the shell itself."""


class RemoteCgroup:
    """The control group of a process elsewhere, followed when the process moves to another one.

    Args:
        process: The process.
    """

    def __init__(self, process: RemoteProcDir) -> None:
        self._process = process
        self._text = b""
        self._group: MemoryCgroup | None = None
        self._asked: list[str] = []
        """Files that were read last, in order."""
        self._is_seen = False

    @property
    def missing(self) -> str | None:
        """Why `memory` had nothing; `None` if there is no control group with a memory controller."""
        if self._group is not None:
            return NOT_READABLE
        return NOT_SEEN if is_in_memory_group(self._text) and not self._is_seen else None

    @property
    def short_files(self) -> list[str]:
        """Files of a few lines that `memory` will probably read, for `ProcDir.prefetch`."""
        return ["cgroup", *(name for name in self._asked if not name.endswith(_LONG))]

    @property
    def long_files(self) -> list[str]:
        """Longer files that it will read."""
        return [name for name in self._asked if name.endswith(_LONG)]

    def memory(self) -> CgroupMemory | None:
        """Memory of the group whose limit is nearest, see `MemoryCgroup.memory`; `None` if none can be read.

        Raises:
            ConnectionLostError: The shell has ended, or does not answer.
        """
        text = self._read("cgroup")
        if text == self._text:
            self._asked = []
            return self._group.memory() if self._group is not None else None
        self._text, found = text, self._find(text)
        if found is None:
            self._group, self._asked = None, []
            return None
        version, path, directories = found
        self._group = MemoryCgroup(version, path, directories, lambda directory: _RemoteDirectory(directory, self))
        files = [f"{directory}/{name}" for directory in directories for name in memory_files(version)]
        self._asked = []
        with self._process.prefetch(
            [name for name in files if name.endswith(_LONG)], [name for name in files if not name.endswith(_LONG)]
        ):
            return self._group.memory()

    def read_file(self, path: str) -> bytes:
        """Read a file of a group; empty if it cannot be read."""
        self._asked.append(path)
        return self._read(path)

    def _find(self, text: bytes) -> tuple[int, str, list[str]] | None:
        """Version, path and directories of the group, as the shell sees control groups, else as the process does."""
        self._is_seen = False
        for mountinfo, root in (
            (self._read("/proc/self/mountinfo"), ""),
            (self._read("mountinfo"), f"/proc/{self._process.pid}/root"),
        ):
            for version, path, directories in memory_directories(text, mountinfo, root):
                self._is_seen = True
                limits = [f"{directory}/{limit_file(version)}" for directory in directories]
                with self._process.prefetch((), limits):
                    if any(self._read(name) for name in limits):
                        return version, path, directories
        return None

    def _read(self, name: str) -> bytes:
        """Read a file; empty if it cannot be read."""
        try:
            return self._process.read(name)
        except ConnectionLostError:
            raise
        except OSError:
            return b""


class _RemoteDirectory:
    """Directory of a control group elsewhere."""

    def __init__(self, path: str, cgroup: RemoteCgroup) -> None:
        self._path, self._cgroup = path, cgroup

    def read(self, name: str) -> bytes:
        """Read a file; empty if it cannot be read."""
        return self._cgroup.read_file(f"{self._path}/{name}")

    def close(self) -> None:
        """Nothing is open."""
