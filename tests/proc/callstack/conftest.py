"""A real program whose stack is unwound."""

import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import Mock

import pytest
from stepped_program import SteppedProgram

from smapstop.proc.callstack.code_file import CodeFile
from smapstop.proc.callstack.code_map import CodeMapping
from smapstop.proc.callstack.frame_names import FrameNames
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.callstack.process_code import CodePlace, ProcessCode
from smapstop.proc.callstack.registers import X86_64, Architecture
from smapstop.proc.callstack.unwind import CallStack, Unwinder
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir

OPTIMISED = ("-O2", "-fomit-frame-pointer")


@dataclass(frozen=True, slots=True)
class StoppedProgram:
    """A program that stands still, and has told its registers and its stack."""

    pid: int
    code: ProcessCode
    registers: tuple[int, ...]
    stack: bytes

    def unwind(self) -> CallStack:
        """Unwind the stack."""
        return Unwinder(self.code).unwind(self.registers, self.stack)

    def frames(self) -> tuple[Frame, ...]:
        """Unwind it, and name the frames."""
        return FrameNames(self.code).frames(self.unwind().addresses)

    def names(self) -> list[str | None]:
        """Names of the frames up to main."""
        names = [frame.name for frame in self.frames()]
        return names[: names.index("main") + 1] if "main" in names else names


RunChain = Callable[..., StoppedProgram]


@pytest.fixture
def run_chain() -> Iterator[RunChain]:
    """Runs call_chain, compiled as given, in a way, by a command before it, until it has told its stack."""
    if platform.machine() != "x86_64":
        pytest.skip("call_chain knows the registers of x86-64 only")
    with ExitStack() as running:

        def run(executable: Path, way: str = "plain", *before: str | Path) -> StoppedProgram:
            program = running.enter_context(SteppedProgram(*before, executable, way))
            process = running.enter_context(ProcDir(program.pid))
            registers, stack = map(bytes.fromhex, program.words)
            code = ProcessCode(process, X86_64, ElfCache())
            running.callback(code.close)
            return StoppedProgram(program.pid, code, tuple(memoryview(registers).cast("Q")), stack)

        yield run


def code_of_file(file: CodeFile, architecture: Architecture) -> ProcessCode:
    """Code of a process that has one file, loaded at the addresses that it says."""
    mapping = CodeMapping(0, 2**47, 0, "0:1", 1, "/program")

    def find(address: int) -> CodePlace | None:
        return CodePlace(mapping, file, address) if file.read_code(address, 1) else None

    return Mock(spec=ProcessCode, architecture=architecture, version=0, find=find)
