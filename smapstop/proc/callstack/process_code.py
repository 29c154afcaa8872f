"""Code of a process by address: mapped files, the vdso, and code written at run time (JIT)."""

from collections.abc import Sequence
from typing import NamedTuple

from smapstop.proc.callstack.code_file import CodeFile, CodeFiles
from smapstop.proc.callstack.code_map import CodeMap, CodeMapping, parse_code_map
from smapstop.proc.callstack.perf_map import PerfMap
from smapstop.proc.callstack.registers import Architecture
from smapstop.proc.elf.mapped_files import ElfCache, is_no_file
from smapstop.proc.process import ProcDir


class CodePlace(NamedTuple):
    """Where an address is."""

    mapping: CodeMapping
    file: CodeFile | None
    """Its file, if it has one that can be read."""
    address: int | None
    """The address as if the file were loaded at 0; `None` if the file has no code there."""

    @property
    def is_of_file(self) -> bool:
        """Whether it belongs to a file, even an unreadable one; named memory (memfd) does not."""
        return self.mapping.inode != 0 and not is_no_file(self.mapping.name)


class ProcessCode:
    """The code of a process. What is not known yet is looked up, at most once a tick.

    Args:
        process: The process; it must stay open.
        architecture: Of this machine.
        elves: Cache of symbol tables.
    """

    def __init__(self, process: ProcDir, architecture: Architecture, elves: ElfCache) -> None:
        self.architecture = architecture
        self.perf_map = PerfMap(process)
        self.version = 0
        """Changes with the map: what was concluded from an address may no longer hold."""
        self._process = process
        self._files = CodeFiles(process, architecture, elves)
        self._map = CodeMap()
        self._may_read = True

    def close(self) -> None:
        """Close all files."""
        self._files.close()

    def begin_tick(self, *, is_changed: bool = False) -> None:
        """Allow one more look at the map, and take it now if executable mappings were changed."""
        self._may_read = True
        self.perf_map.begin_tick()
        if is_changed:
            self._read_map()

    def add_mappings(self, added: Sequence[CodeMapping]) -> None:
        """Take over what was mapped since the map was read; it may be too late to read it again."""
        if added:
            self._map = self._map.with_added(added)
            self.version += 1

    def find(self, address: int) -> CodePlace | None:
        """Return where the code at an address is; `None` if there is none."""
        mapping = self._map.find(address)
        if mapping is None and self._may_read:
            self._read_map()
            mapping = self._map.find(address)
        if mapping is None:
            return None
        file = self._files.of(mapping)
        return CodePlace(mapping, file, file.address_of(address - mapping.start + mapping.offset) if file else None)

    def _read_map(self) -> None:
        """Read the map again."""
        self._may_read = False
        try:
            read = parse_code_map(self._process.read_maps())
        except OSError:
            return  # it has ended: what was known of it still names what was sampled
        if read.mappings and read.mappings != self._map.mappings:
            self._map = read
            self.version += 1
