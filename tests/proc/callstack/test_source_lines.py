"""Source lines of real programs, of all versions of DWARF, as pyelftools has them."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from proc.callstack.conftest import OPTIMISED, RunChain

from smapstop.proc.callstack.frame_names import FrameNames
from smapstop.proc.callstack.source_lines import WORK_PER_TICK, SourceLines, WorkBudget
from smapstop.proc.elf.program_headers import read_program_headers

Compile = Callable[..., Path]
WAYS = [
    ("-gdwarf-2",),
    ("-gdwarf-3", "-O2"),
    ("-gdwarf-4", "-O2"),
    ("-gdwarf-5", "-O2"),
    ("-gdwarf-5", "-O2", "-ffunction-sections", "-Wl,--gc-sections"),
    ("-gdwarf-5", "-O2", "-gz=zlib"),
    ("-gdwarf-4", "-O2", "-gz=zlib-gnu"),
    ("-gdwarf-5", "-O2", "-no-pie"),
]


@contextmanager
def lines_of(path: Path) -> Iterator[SourceLines]:
    fd = os.open(path, os.O_RDONLY)
    lines = SourceLines(fd, read_program_headers(fd))
    yield lines
    for part in lines.sections.values():
        part.close()
    os.close(fd)


def expected(path: Path) -> dict[int, int]:
    """Line at each address at which there is another one, by pyelftools."""
    found = dict[int, int]()
    with path.open("rb") as file:
        dwarf = ELFFile(file).get_dwarf_info()
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            for entry in program.get_entries() if program else ():
                if entry.state is not None and not entry.state.end_sequence:
                    found[entry.state.address] = entry.state.line
    return found


@pytest.mark.parametrize("options", WAYS, ids=" ".join)
def test_lines_are_those_that_pyelftools_reads(program: Compile, options: tuple[str, ...]) -> None:
    path = program("call_chain", *options)
    known, work = expected(path), WorkBudget()
    assert len(known) > 50
    with lines_of(path) as lines:
        found = {address: lines.find(address, work) for address in known}
    places = {address: line.source if line else ":0" for address, line in found.items()}
    assert {address: int(place.rpartition(":")[2]) for address, place in places.items()} == known
    assert any("call_chain.c:" in place for place in places.values())


def test_code_of_no_line_has_none(program: Compile) -> None:
    path = program("call_chain", "-gdwarf-5", "-O2")
    with lines_of(path) as lines:
        known = expected(path)
        assert lines.find(min(known) - 1, WorkBudget()) is None
        assert lines.find(max(known) + 4096, WorkBudget()) is None
    with lines_of(program("call_chain", "-O2")) as lines:
        assert not lines
        assert lines.find(4096, WorkBudget()) is None


def test_what_takes_long_comes_in_a_later_tick(program: Compile) -> None:
    path, work = program("call_chain", "-gdwarf-5", "-O2"), WorkBudget()
    address = min(expected(path))
    with lines_of(path) as lines:
        work.spend(2 * WORK_PER_TICK)
        for _ in range(2):
            with pytest.raises(BlockingIOError):
                lines.find(address, work)
            work.begin_tick()
        work.begin_tick()
        assert lines.find(address, work)


def test_frames_have_the_lines_of_their_calls(program: Compile, run_chain: RunChain) -> None:
    chain = run_chain(program("call_chain", *OPTIMISED, "-g"))
    source = (Path(__file__).parents[2] / "programs" / "call_chain.c").read_text().splitlines()
    frames = {frame.name: (frame.source or "").rpartition(":") for frame in chain.frames()}
    for name, call in {"first": "second(!strcmp", "second": "tell();", "main": "first(argv[1]);"}.items():
        file, _, line = frames[name]
        assert file.endswith("call_chain.c")
        assert call in source[int(line) - 1]
    assert FrameNames(chain.code).is_complete


def test_lines_of_a_debug_file(program: Compile, run_chain: RunChain, tmp_path: Path) -> None:
    whole = program("call_chain", *OPTIMISED, "-g", "-Wl,--build-id=0x0123")
    stripped, debug = tmp_path / "stripped", tmp_path / "stripped.debug"
    subprocess.run(["objcopy", "--only-keep-debug", whole, debug], check=True)
    subprocess.run(["objcopy", "--strip-all", f"--add-gnu-debuglink={debug}", whole, stripped], check=True)
    frames = run_chain(stripped).frames()
    assert [frame.name for frame in frames[:4]] == ["tell", "second", "first", "main"]
    assert all("call_chain.c:" in (frame.source or "") for frame in frames[1:4])
