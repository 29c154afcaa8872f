"""Stacks of real page faults: each function of a program has exactly the faults that it made."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from places import PROGRAMS
from proc.callstack.conftest import OPTIMISED
from stepped_program import SteppedProgram

from smapstop.errors import SmapstopError
from smapstop.proc.callstack.frame_names import FrameNames
from smapstop.proc.callstack.perf_events import FaultRings
from smapstop.proc.callstack.process_code import ProcessCode
from smapstop.proc.callstack.registers import native_architecture
from smapstop.proc.callstack.unwind import CallStack, Unwinder
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir

PAGE = 4096
MOST_TICKS = 20
"""Until all source lines are known."""
Compile = Callable[..., Path]
Faults = Counter[str]
"""Number of faults by the names of all frames, `innermost < … < outermost`, with `…` where it is cut off."""


class WatchedFaults:
    """A stepped program whose faults have stacks."""

    def __init__(self, program: SteppedProgram, process: ProcDir, code: ProcessCode, rings: FaultRings) -> None:
        self.program, self._rings, self._code = program, rings, code
        self._unwinder, self._names = Unwinder(code), FrameNames(code)

    def next_step(self, pages: int = 512) -> Faults:
        """Let it go on to its next step: the stacks of faults in so many pages from the address that it said."""
        self.program.go()
        self._code.begin_tick()
        faults, stacks = Faults(), Counter[CallStack]()
        for sample in self._rings.drain().stacks:
            if 0 <= sample.address - self.program.address < PAGE * pages:
                stacks[self._unwinder.unwind(sample.registers, sample.stack)] += sample.weight
        for stack in stacks:
            self._names.frames(stack.addresses)
        for _ in range(MOST_TICKS):
            self._names.begin_tick()
        assert self._names.is_complete
        for stack, count in stacks.items():
            names = [frame.name or "?" for frame in self._names.frames(stack.addresses)]
            faults[" < ".join(names + ["…"] * stack.is_cut)] += count
        return faults


@contextmanager
def watched(*command: str | Path) -> Iterator[WatchedFaults]:
    """Watch a program from its first step on."""
    architecture = native_architecture()
    if architecture is None:
        pytest.skip("stacks are not unwound on this machine")
    with SteppedProgram(*command) as program, ProcDir(program.pid) as process:
        code = ProcessCode(process, architecture, ElfCache())
        try:
            rings = FaultRings(process)
        except SmapstopError as error:
            pytest.skip(str(error))
        with closing(code), closing(rings):
            yield WatchedFaults(program, process, code, rings)


def made_by(faults: Faults, chain: str) -> int:
    """Number of faults whose stack begins so."""
    return sum(count for stack, count in faults.items() if stack == chain or stack.startswith(f"{chain} < "))


def compile_with(*command: str | Path) -> None:
    """Run a compiler that may not be installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize("linked", [(), ("-static",), ("-static-pie",), ("-no-pie",)], ids=" ".join)
def test_every_function_has_its_own_faults(program: Compile, linked: tuple[str, ...]) -> None:
    with watched(program("callers", *OPTIMISED, *linked)) as target:
        check_functions(target.next_step())
        thread = target.next_step()
        assert made_by(thread, "touch < in_thread < run_thread < start_thread") == thread.total() == 17
        signal = target.next_step()
        assert made_by(signal, "touch < in_handler < <signal handler called>") == signal.total() == 9
        assert all(stack.endswith("_start") and " < interrupted < main < " in stack for stack in signal)
        deep = target.next_step()
        assert made_by(deep, "touch < deep < deep") == deep.total() == 7
        assert all(stack.endswith("deep < …") for stack in deep)
        kernels = target.next_step()
        assert kernels.total() in (3, 0)  # in system calls, if this machine's vdso makes some
        assert all(" < in_kernels_code < main < " in stack and stack.endswith("_start") for stack in kernels)


def check_functions(faults: Faults, outside: str = "main < .*_start") -> None:
    """The first step: what main called, and those that it called."""
    for chain, pages in {
        "touch < beta": 11,
        "touch < alpha < beta": 23,
        "touch < gamma_of": 5,
        "touch < alpha < gamma_of": 23,
    }.items():
        assert sum(n for stack, n in faults.items() if re.fullmatch(f"{chain} < {outside}", stack)) == pages
    assert faults.total() == 62


def test_a_library_that_is_loaded_later_is_known_at_once(program: Compile) -> None:
    library = program("callers", *OPTIMISED, "-shared", "-fPIC", "-DLIBRARY")
    with watched(program("callers", *OPTIMISED), library) as target:
        for _ in range(5):
            target.next_step()
        faults = target.next_step()
        assert made_by(faults, "touch_in_library < load < main") == faults.total() == 13


def test_unwinding_exceptions_are_named_by_who_is_left(tmp_path: Path) -> None:
    compile_with("c++", *OPTIMISED, "-o", tmp_path / "thrower", PROGRAMS / "thrower.cpp")
    with watched(tmp_path / "thrower") as target:
        faults = target.next_step(64)
        left = "touch(int) < Guard::~Guard() < void places::thrower<int>(int) < catcher() < main"
        assert made_by(faults, left) == 9
        assert made_by(faults, "touch(int) < catcher() < main") == 4
        assert faults.total() == 13


def test_musl(tmp_path: Path) -> None:
    """Its start has no tables, nor has its memset; the program's own functions have."""
    compile_with("musl-gcc", *OPTIMISED, "-o", tmp_path / "callers", PROGRAMS / "callers.c")
    with watched(tmp_path / "callers") as target:
        check_functions(target.next_step(), "main < .*…")


@pytest.mark.parametrize("stripped", [(), ("-ldflags=-s -w",)], ids=["whole", "stripped"])
def test_go_distinguishes_functions_without_a_frame_from_their_callers(
    tmp_path: Path, stripped: tuple[str, ...]
) -> None:
    compile_with("go", "build", *stripped, "-o", tmp_path / "callers", PROGRAMS / "callers.go")
    with watched(tmp_path / "callers") as target:
        faults = target.next_step(64)
        assert made_by(faults, "main.touch < main.handle < main.main < runtime.main") == faults.total() == 19
        assert not any("…" in stack for stack in faults)


def test_functions_that_go_inlined(tmp_path: Path) -> None:
    source = tmp_path / "inlined.go"
    source.write_text((PROGRAMS / "callers.go").read_text().replace("//go:noinline", ""))
    compile_with("go", "build", "-o", tmp_path / "inlined", source)
    with watched(tmp_path / "inlined") as target:
        faults = target.next_step(64)
        assert made_by(faults, "main.touch < main.handle < main.main < runtime.main") == faults.total() == 19


def test_functions_that_rust_inlined(tmp_path: Path) -> None:
    source = tmp_path / "callers.rs"
    source.write_text((PROGRAMS / "callers.rs").read_text().replace("#[inline(never)]", "#[inline(always)]"))
    compile_with("rustc", "-O", "-g", "-o", tmp_path / "callers", source)
    with watched(tmp_path / "callers") as target:
        faults = target.next_step(2048)
        assert made_by(faults, "core::ptr::write_volatile < callers::touch < callers::main") == 21


def test_rust(tmp_path: Path) -> None:
    compile_with("rustc", "-O", "-o", tmp_path / "callers", PROGRAMS / "callers.rs")
    with watched(tmp_path / "callers") as target:
        faults = target.next_step(2048)
        assert made_by(faults, "callers::touch < callers::main") == 21
