"""What the files of real processes prove about unnamed memory: columns that travel with each reading."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from factories import mappings_of
from stepped_program import SteppedProgram, stepped_python

from smapstop.model.lookup import section_at
from smapstop.proc.added_fields import FILE_BSS, GO_HEAP
from smapstop.proc.columns import ABSENT
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.added_columns.program_facts import ProgramFacts
from smapstop.sampling.process_reader import ProcessReader

ARENA = 0xC000000000 >> 12


def test_the_zeroed_data_of_a_program_is_as_large_as_its_file_says(program: Callable[..., Path]) -> None:
    with SteppedProgram(program("threads")) as target, ProcDir(target.pid) as process:
        reader = ProcessReader(process)
        mappings, again = reader.read("smaps").mappings, reader.read("smaps").mappings
        column = mappings.get(FILE_BSS)
        assert column is not None
        row = int(mappings.start.searchsorted(target.address, "right")) - 1
        bss = row if mappings.name_of(row) == "" else row + 1  # it may begin on the last page of .data
        assert column[bss] == (mappings.end[bss] - mappings.start[bss]) // 1024 >= 63 * 4
        assert (column[mappings.name > 0] == ABSENT).all()
        assert again.fields == mappings.fields


def test_columns_stay_while_only_amounts_change(program: Callable[..., Path]) -> None:
    with SteppedProgram(program("threads")) as target, ProcDir(target.pid) as process:
        plain, facts = parse_smaps(process.read_smaps()), ProgramFacts(process)
        first = facts.add_to(plain)
        grown = replace(plain, amounts=plain.amounts + 1)
        column, again = first.get(FILE_BSS), facts.add_to(grown).get(FILE_BSS)
        assert column is not None
        assert again is not None
        assert again.tolist() == column.tolist()
        assert facts.add_to(grown).amounts[0].tolist() == grown.amounts[0].tolist()
        assert facts.add_to(first) is first
        fewer = facts.add_to(plain.take(slice(1, None))).get(FILE_BSS)
        assert fewer is not None
        assert fewer.tolist() == column.tolist()[1:]


def test_a_file_that_cannot_be_found_says_nothing(program: Callable[..., Path], tmp_path: Path) -> None:
    copy = shutil.copy(program("threads"), tmp_path / "copy")
    with SteppedProgram(copy) as target, ProcDir(target.pid) as process:
        mappings = ProcessReader(process).read("smaps").mappings
        elsewhere = np.full(len(mappings), mappings.strings.intern("7f:7f"), np.int32)
        plain = replace(mappings, fields=mappings.fields[:1], amounts=mappings.amounts[:1], device=elsewhere)
        assert FILE_BSS not in ProgramFacts(process).add_to(plain).fields


def test_only_a_program_of_go_has_a_heap_of_go() -> None:
    rows = [(ARENA, ARENA + 1024), (ARENA + 1024, ARENA + 16384, "---p"), (ARENA + 16385, ARENA + 16386)]
    with stepped_python("step()") as target, ProcDir(target.pid) as process:
        assert GO_HEAP not in ProgramFacts(process).add_to(mappings_of(*rows)).fields
    gofmt = shutil.which("gofmt")
    if gofmt is None:
        pytest.skip("Go is not installed")
    with subprocess.Popen([gofmt], stdin=subprocess.PIPE) as started, ProcDir(started.pid) as process:
        column = ProgramFacts(process).add_to(mappings_of(*rows)).get(GO_HEAP)
        started.kill()
    assert column is not None
    assert column.tolist() == [1, 1, ABSENT]


def test_a_file_that_is_only_read_has_no_sections_and_loading_it_as_a_library_gives_it_some(tmp_path: Path) -> None:
    library = tmp_path / "library.so"
    subprocess.run(["cc", "-shared", "-x", "c", "-", "-o", library], input=b"int f(void) { return 1; }", check=True)
    code = f"""
import ctypes, mmap
with open({str(library)!r}, "rb") as file:
    data = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
step()
ctypes.CDLL({str(library)!r})
step()
"""
    with stepped_python(code) as target, ProcDir(target.pid) as process:
        reader = ProcessReader(process)

        def sections_of(name: str) -> set[str]:
            mappings = reader.read("smaps").mappings
            rows = [row for row in range(len(mappings)) if mappings.name_of(row).endswith(name)]
            return {section_at(mappings, row) for row in rows}

        programs = {".text", ".data", ".rodata"}
        assert sections_of("library.so") == {""}
        assert sections_of("libc.so.6") - {""} == programs
        target.go()
        assert sections_of("library.so") == programs
