"""Source lines that take long come into the stacks of later ticks."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from stepped_program import SteppedProgram

from smapstop.errors import SmapstopError
from smapstop.proc.callstack import source_lines
from smapstop.proc.callstack.perf_events import FaultRings
from smapstop.proc.callstack.registers import native_architecture
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir
from smapstop.sampling.faults.stack_reader import StackReader


def test_lines_that_were_too_much_for_a_tick_come_in_the_next(program: Callable[..., Path]) -> None:
    architecture = native_architecture()
    if architecture is None:
        pytest.skip("stacks are not unwound on this machine")
    with SteppedProgram(program("callers", "-g", "-O2")) as target, ProcDir(target.pid) as process:
        try:
            rings = FaultRings(process)
        except SmapstopError as error:
            pytest.skip(str(error))
        with closing(rings), closing(StackReader(process, architecture, ElfCache())) as reader:
            target.go()
            stack = reader.unwind(next(each for each in rings.drain().stacks if each.address >= target.address))

            def sources() -> list[str | None]:
                frames = reader.stacks.frames_of(reader.name(stack))
                return [frame.source for frame in frames if frame.name == "touch"]

            with patch.object(source_lines, "WORK_PER_TICK", 1):
                reader._names._work.spend(source_lines.WORK_PER_TICK + 200_000)
                reader.begin_tick()
                reader.look_for_code(())
                assert sources() == [None]
            for _ in range(3):
                reader.begin_tick()
            (source,) = sources()
            assert source is not None
            assert "callers.c:" in source
