"""Frame rules of real programs, at every row of their tables, as pyelftools decodes them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile
from proc.callstack.conftest import OPTIMISED

from smapstop.proc.callstack.code_file import CodeFile
from smapstop.proc.callstack.frame_rules import SavedAs
from smapstop.proc.callstack.registers import X86_64
from smapstop.proc.elf.mapped_files import ElfCache

Compile = Callable[..., Path]
HOW = {"VAL_OFFSET": SavedAs.CFA_PLUS, "REGISTER": SavedAs.REGISTER, "EXPRESSION": SavedAs.EXPRESSION}
RETURN = 16


@contextmanager
def opened(path: Path) -> Iterator[CodeFile]:
    file = CodeFile(os.open(path, os.O_RDONLY), X86_64, ElfCache())
    yield file
    file.close()


def rows_of(path: Path) -> Iterator[tuple[int, dict[Any, Any]]]:
    """Address and rules of every row, by pyelftools."""
    with path.open("rb") as stream:
        for entry in ELFFile(stream).get_dwarf_info().EH_CFI_entries():
            if isinstance(entry, FDE):
                start, end = entry["initial_location"], entry["initial_location"] + entry["address_range"]
                table = entry.get_decoded().table
                yield from ((row["pc"], row) for row in table if start <= row["pc"] < end)


@pytest.mark.parametrize(
    "options",
    [OPTIMISED, (*OPTIMISED, "-static"), (*OPTIMISED, "-Wl,--no-eh-frame-hdr"), (*OPTIMISED, "-static-pie")],
    ids=" ".join,
)
def test_rules_are_those_that_pyelftools_decodes(program: Compile, options: tuple[str, ...]) -> None:
    path, count = program("call_chain", *options), 0
    last = dict(rows_of(path))  # of several rows at an address the last one holds
    with opened(path) as file:
        for address, row in last.items():
            rule, cfa = file.rule_at(address), row["cfa"]
            assert rule is not None, hex(address)
            if cfa.expr is not None:
                assert rule.cfa_expression == bytes(cfa.expr)
            else:
                assert (rule.cfa_register, rule.cfa_offset) == (cfa.reg, cfa.offset)
            places = {number: place for number, place in row.items() if isinstance(number, int) and number <= RETURN}
            offsets = {number: place.arg for number, place in places.items() if place.type == "OFFSET"}
            others = {number: HOW[place.type] for number, place in places.items() if place.type in HOW}
            assert dict(rule.saved) == offsets
            assert {number: how for number, how, _ in rule.others} == others
            count += 1
    assert count > 30


def test_between_functions_there_is_no_rule(program: Compile) -> None:
    path = program("call_chain", *OPTIMISED)
    with opened(path) as file:
        assert file.rule_at(0) is None
        assert file.rule_at(2**48) is None
        assert file.rule_at(2**64 - 1) is None


def test_rules_of_another_machine_are_none_of_ours(tmp_path: Path, program: Compile) -> None:
    content = bytearray(program("call_chain", *OPTIMISED).read_bytes())
    content[18] = 183  # e_machine: aarch64
    (tmp_path / "other").write_bytes(content)
    address = next(rows_of(program("call_chain", *OPTIMISED)))[0]
    with opened(tmp_path / "other") as file:
        assert file.rule_at(address) is None
