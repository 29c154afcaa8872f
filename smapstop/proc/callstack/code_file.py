"""A mapped file of code: its frame rules, its functions, and where its addresses are."""

import os
import re
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

from smapstop.proc.callstack.code_map import CodeMapping
from smapstop.proc.callstack.debug_sections import DebugSections
from smapstop.proc.callstack.eh_frame import EhFrame
from smapstop.proc.callstack.frame_rules import FrameRule
from smapstop.proc.callstack.functions import Functions
from smapstop.proc.callstack.go_table import SECTIONS, GoTable
from smapstop.proc.callstack.inlined_calls import InlinedCall, InlinedCalls
from smapstop.proc.callstack.registers import Architecture
from smapstop.proc.callstack.sections import NO_SECTION, SectionPart, find_sections
from smapstop.proc.callstack.source_lines import SourceLines, WorkBudget
from smapstop.proc.columns import strip_deleted
from smapstop.proc.elf.elf_file import EXECUTE, Elf
from smapstop.proc.elf.mapped_files import ElfCache, open_mapped_file
from smapstop.proc.elf.program_headers import read_program_headers
from smapstop.proc.process import ProcDir

VDSO = "[vdso]"
MAX_OPEN_FILES = 128
"""Files of code that are kept open; the one that was not needed for longest is closed for another one."""
_MAX_RULES = 50_000
"""Frame rules that are remembered of a file, some 300 bytes each."""
_MAX_VDSO_BYTES = 64 << 10
_OWN_VDSO = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$", re.MULTILINE)


class SourcePlace(NamedTuple):
    """Where some code comes from."""

    line: str | None
    """Source file and line."""
    inlined: tuple[InlinedCall, ...] = ()
    """The calls that the compiler inlined there, innermost first."""


class CodeFile:
    """An open file of code. Addresses are as if it were loaded at 0.

    Args:
        fd: The file; it belongs to this object from now on.
        architecture: Of the process; files of another one have no rules.
        elves: For its symbols and sections.
        open_debug_file: Opens the file that has its symbols, if they are in a separate one.
    """

    def __init__(
        self,
        fd: int,
        architecture: Architecture,
        elves: ElfCache,
        open_debug_file: Callable[[Elf], int | None] = lambda _: None,
    ) -> None:
        self.fd = fd
        self._debug_fd: int | None = None
        self._architecture = architecture
        self._parts: tuple[SectionPart, ...] = ()
        self._open_debug_file = open_debug_file
        self._elves = elves
        self.headers = read_program_headers(fd)
        self._rules: dict[int, FrameRule | None] = {}
        is_native = self.headers.machine == architecture.machine
        self._frames = EhFrame(fd, self.headers, self._eh_frame, architecture.pc + 1) if is_native else None

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)
        if self._debug_fd is not None:
            os.close(self._debug_fd)
        for part in self._parts:
            part.close()

    def function_at(self, address: int) -> tuple[str, int] | None:
        """Return name and start of the function at an address; `None` if it is not known."""
        found = self._functions.find(address)
        if found is None and self._go_table is not None and (function := self._go_table.find(address)):
            found = function.name, function.start
        return found

    def source_at(self, address: int, work: WorkBudget) -> SourcePlace | None:
        """Return where the code at an address comes from; `None` if it is not known.

        Raises:
            BlockingIOError: It may be in a later tick; see `SourceLines.find`.
        """
        line = self._lines.find(address, work)
        if line is not None:
            return SourcePlace(line.source, self._inlined_calls.find(address, line, work))
        if self._go_table is not None and (function := self._go_table.find(address)):
            return SourcePlace(self._go_table.source_at(function, address))
        return None

    @cached_property
    def _functions(self) -> Functions:
        """Its functions, by the symbols of its debug file if it has none itself."""
        elf = self._elves.get(self.fd)
        if not elf.has_symtab:
            self._debug_fd = self._open_debug_file(elf)
        if self._debug_fd is None:
            return Functions(elf, self.fd)
        return Functions(self._elves.get(self._debug_fd), self._debug_fd)

    @cached_property
    def _lines(self) -> SourceLines:
        """Its source lines, or those of its debug file."""
        lines = SourceLines(self.fd, self.headers)
        if not lines and self._functions and self._debug_fd is not None:
            self._parts += tuple(lines.sections.values())
            lines = SourceLines(self._debug_fd, self.headers)
        self._parts += tuple(lines.sections.values())
        return lines

    @cached_property
    def _inlined_calls(self) -> InlinedCalls:
        """Its inlined calls, in the file that has its source lines."""
        return InlinedCalls(DebugSections(self._lines.sections))

    @cached_property
    def _go_table(self) -> GoTable | None:
        """The table of Go's linker, if the file has one."""
        if not self.headers.is_go:
            return None
        sections = find_sections(self.fd, (*SECTIONS, ".text"))
        self._parts += tuple(sections.values())
        text = sections.get(".text", NO_SECTION).address
        try:
            return next(
                (GoTable(sections[name], text, self._architecture) for name in SECTIONS if name in sections), None
            )
        except (OSError, ValueError, OverflowError):
            return None

    def address_of(self, offset: int) -> int | None:
        """Return the address of code at a file offset; `None` if there is none, as beyond 64 bits."""
        for segment in self.headers.segments:
            if segment.flags & EXECUTE and 0 <= offset - segment.offset < segment.file_bytes:
                address = offset - segment.offset + segment.address
                return address if address < 2**64 else None
        return None

    def read_code(self, address: int, size: int) -> bytes:
        """Read up to `size` bytes at an address; empty if they cannot be read."""
        for segment in self.headers.segments:
            if 0 <= address - segment.address < segment.file_bytes:
                try:
                    return os.pread(self.fd, size, address - segment.address + segment.offset)
                except (OSError, OverflowError):
                    break
        return b""

    def rule_at(self, address: int) -> FrameRule | None:
        """Return the frame rule at an address; `None` if the file has none."""
        if self._frames is None:
            return None
        if address not in self._rules:
            if len(self._rules) >= _MAX_RULES:
                self._rules.clear()
            self._rules[address] = self._frames.find(address) or self._go_rule_at(address)
        return self._rules[address]

    def _go_rule_at(self, address: int) -> FrameRule | None:
        """Return the frame rule at an address by Go's table."""
        function = self._go_table.find(address) if self._go_table is not None else None
        return self._go_table.rule_at(function, address) if self._go_table and function else None

    def _eh_frame(self) -> tuple[int, int]:
        """Address and size of .eh_frame; (0, 0) if there is none."""
        elf = self._elves.get(self.fd)
        if ".eh_frame" not in elf.section_names:
            return 0, 0
        row = elf.section_names.index(".eh_frame")
        return int(elf.sections.start[row]), int(elf.sections.end[row] - elf.sections.start[row])


class CodeFiles:
    """The files of code of one process, each opened when it is first needed."""

    def __init__(self, process: ProcDir, architecture: Architecture, elves: ElfCache) -> None:
        self._process = process
        self._architecture = architecture
        self._elves = elves
        self._files: dict[tuple[str, int, str], CodeFile | None] = {}

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            if file is not None:
                file.close()
        self._files = {}

    def of(self, mapping: CodeMapping) -> CodeFile | None:
        """Return the file of a mapping; `None` if it is of no file, or of one that may not be read any more."""
        if not mapping.inode and mapping.name != VDSO:
            return None
        key = mapping.device, mapping.inode, mapping.name
        file = self._files.pop(key, None) if key in self._files else self._open(mapping)
        self._files[key] = file  # the last one needed is the last
        if len(self._files) > MAX_OPEN_FILES:
            oldest = self._files.pop(next(iter(self._files)))
            if oldest is not None:
                oldest.close()
        return file

    def _open(self, mapping: CodeMapping) -> CodeFile | None:
        """Open the file of a mapping."""
        try:
            if mapping.name == VDSO:
                fd = _copy_of_own_vdso(mapping.end - mapping.start)
            else:
                fd = open_mapped_file(
                    self._process, mapping.name, mapping.start, mapping.end, mapping.device, mapping.inode
                )
        except OSError:
            return None
        if fd is None:
            return None
        try:
            path = strip_deleted(mapping.name)
            return CodeFile(
                fd,
                self._architecture,
                self._elves,
                lambda elf: self._elves.open_debug_file(self._process, path, elf),
            )
        except OSError:
            os.close(fd)
            return None


def _copy_of_own_vdso(size: int) -> int | None:
    """Return a file with our own vdso, which is the same as that of any process of the same kind.

    Args:
        size: Size of the other process's vdso; if ours has another one, so is its content, and the result is `None`.

    Raises:
        OSError: It cannot be read.
    """
    with open("/proc/self/maps", "rb") as maps:
        found = _OWN_VDSO.search(maps.read())
    if found is None:
        return None
    start, end = (int(part, 16) for part in found.groups())
    if end - start != size or size > _MAX_VDSO_BYTES:
        return None
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        image = os.pread(memory.fileno(), size, start)
    fd = os.memfd_create("vdso")
    try:
        os.write(fd, image)
    except OSError:
        os.close(fd)
        raise
    return fd
