"""Inlined functions of real programs, of all versions of DWARF, as pyelftools has them."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE
from elftools.dwarf.ranges import BaseAddressEntry
from elftools.elf.elffile import ELFFile

from smapstop.proc.callstack.code_file import CodeFile
from smapstop.proc.callstack.registers import X86_64
from smapstop.proc.callstack.source_lines import WorkBudget
from smapstop.proc.elf.mapped_files import ElfCache

Compile = Callable[..., Path]
Calls = list[tuple[str, int]]
"""Name and line of each inlined call, innermost first."""
WAYS = [
    ("-gdwarf-3", "-O2"),
    ("-gdwarf-4", "-O2"),
    ("-gdwarf-5", "-O2"),
    ("-gdwarf-5", "-O3", "-ffunction-sections", "-Wl,--gc-sections"),
    ("-gdwarf-5", "-O2", "-gz=zlib"),
    ("-gdwarf-4", "-O2", "-fdebug-types-section"),
    ("-gdwarf-5", "-O2", "-flto"),
    ("-gdwarf-5", "-gstrict-dwarf", "-O2", "-no-pie"),
]


class OneStep(WorkBudget):
    """Allows one piece of work in a tick, however small."""

    def spend(self, amount: int) -> None:
        self._left = 0


@contextmanager
def code_of(path: Path) -> Iterator[CodeFile]:
    """The code of a file."""
    with closing(CodeFile(os.open(path, os.O_RDONLY), X86_64, ElfCache())) as file:
        yield file


def calls_at(file: CodeFile, address: int, work: WorkBudget) -> Calls:
    """The inlined calls that we find at an address."""
    place = file.source_at(address, work)
    return [(call.name, int((call.source or ":0").rpartition(":")[2])) for call in place.inlined] if place else []


def expected(path: Path) -> dict[int, Calls]:
    """The inlined calls at each address at which there is another line, by pyelftools."""
    found = dict[int, Calls]()
    with path.open("rb") as file:
        for unit in ELFFile(file).get_dwarf_info().iter_CUs():
            if unit.get_top_DIE().tag != "DW_TAG_compile_unit":
                continue
            pieces = [piece for entry in unit.iter_DIEs() for piece in pieces_of(unit, entry)]
            program = unit.dwarfinfo.line_program_for_CU(unit)
            for row in program.get_entries() if program else ():
                if row.state is not None and not row.state.end_sequence and row.state.line:
                    at = row.state.address
                    around = sorted((p for p in pieces if p[0] <= at < p[1]), key=lambda p: -p[2])
                    found[at] = [(name, line) for *_, name, line in around]
    return found


def pieces_of(unit: CompileUnit, entry: DIE) -> Iterator[tuple[int, int, int, str, int]]:
    """Start, end, depth, name and line of the code of an inlined call."""
    if entry.tag != "DW_TAG_inlined_subroutine":
        return
    origin = entry.get_DIE_from_attribute("DW_AT_abstract_origin")
    name, line = origin.attributes["DW_AT_name"].value.decode(), entry.attributes["DW_AT_call_line"].value
    depth, parent = 0, entry.get_parent()
    while parent is not None:
        depth, parent = depth + 1, parent.get_parent()
    for start, end in ranges_of(unit, entry):
        yield start, end, depth, name, line


def ranges_of(unit: CompileUnit, entry: DIE) -> Iterator[tuple[int, int]]:
    """Where the code of an entry is."""
    attributes, top = entry.attributes, unit.get_top_DIE().attributes
    if "DW_AT_ranges" not in attributes:
        start, high = attributes["DW_AT_low_pc"].value, attributes["DW_AT_high_pc"]
        yield start, high.value if high.form == "DW_FORM_addr" else start + high.value
        return
    base = top["DW_AT_low_pc"].value if "DW_AT_low_pc" in top else 0
    lists = unit.dwarfinfo.range_lists()
    assert lists is not None
    for each in lists.get_range_list_at_offset(attributes["DW_AT_ranges"].value, unit):
        if isinstance(each, BaseAddressEntry):
            base = each.base_address
        else:
            start = 0 if each.is_absolute else base
            yield start + each.begin_offset, start + each.end_offset


@pytest.mark.parametrize("options", WAYS, ids=" ".join)
def test_calls_are_those_that_pyelftools_reads(program: Compile, options: tuple[str, ...]) -> None:
    path = program("inlined", *options)
    known, work = expected(path), WorkBudget()
    deep = [calls for calls in known.values() if [name for name, _ in calls][:2] == ["fill", "remember"]]
    assert len(deep) > 3
    with code_of(path) as file:
        assert {address: calls_at(file, address, work) for address in known} == known


def test_code_without_debugging_information_has_none(program: Compile) -> None:
    with_calls = expected(program("inlined", "-gdwarf-5", "-O2"))
    with code_of(program("inlined", "-O2")) as file:
        assert not any(calls_at(file, address, WorkBudget()) for address in with_calls)


def test_what_takes_long_comes_in_a_later_tick(program: Compile) -> None:
    path, work = program("inlined", "-gdwarf-5", "-O2"), OneStep()
    known = expected(path)
    address = next(address for address, calls in known.items() if len(calls) > 1)
    waited = 0
    with code_of(path) as file:
        while True:
            try:
                calls = calls_at(file, address, work)
                break
            except BlockingIOError:
                waited += 1
                assert waited < 100
                work.begin_tick()
    assert calls == known[address]
    assert waited > 4


def test_calls_of_a_debug_file(program: Compile, tmp_path: Path) -> None:
    whole = program("inlined", "-gdwarf-5", "-O2")
    stripped, debug = tmp_path / "stripped", tmp_path / "stripped.debug"
    subprocess.run(["objcopy", "--only-keep-debug", whole, debug], check=True)
    subprocess.run(["objcopy", "--strip-all", whole, stripped], check=True)
    known, work = expected(whole), WorkBudget()
    fd = os.open(stripped, os.O_RDONLY)
    with closing(CodeFile(fd, X86_64, ElfCache(), lambda _: os.open(debug, os.O_RDONLY))) as file:
        assert {address: calls_at(file, address, work) for address in known} == known


@pytest.mark.parametrize("section", ["info", "abbrev", "str", "line_str", "rnglists"])
def test_damaged_sections_leave_the_lines(program: Compile, tmp_path: Path, section: str) -> None:
    path, damaged = program("inlined", "-gdwarf-5", "-O2"), tmp_path / "damaged"
    garbage = tmp_path / "garbage"
    garbage.write_bytes(bytes(range(256)) * 4)
    subprocess.run(["objcopy", "--update-section", f".debug_{section}={garbage}", path, damaged], check=True)
    known, work = expected(path), WorkBudget()
    with code_of(damaged) as file:
        places = [file.source_at(address, work) for address in known]
    assert all(place is not None for place in places)
    if section in ("info", "abbrev"):
        assert not any(place.inlined for place in places if place)


def test_a_damaged_unit_leaves_the_calls_of_the_others(program: Compile, tmp_path: Path) -> None:
    path = program("inlined", "-gdwarf-5", "-O2")
    known, work = expected(path), WorkBudget()
    unit, whole = tmp_path / "unit", tmp_path / "whole"
    subprocess.run(
        ["objcopy", "-O", "binary", "-j", ".debug_info", "--set-section-flags", ".debug_info=alloc", path, unit],
        check=True,
    )
    content = unit.read_bytes()
    broken = (8).to_bytes(4, "little") + b"\x05\0\x01\x08\xff\xff\xff\xff"  # a header, and no entry
    unit.write_bytes(content + broken)
    subprocess.run(["objcopy", "--update-section", f".debug_info={unit}", path, whole], check=True)
    with code_of(whole) as file:
        assert {address: calls_at(file, address, work) for address in known} == known
