"""Addresses of exported symbols, by name."""

import os
import random
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from smapstop.proc.elf.exported_symbols import find_exported

LIBRARIES = (Path("/lib/x86_64-linux-gnu/libc.so.6"), Path("/lib/aarch64-linux-gnu/libc.so.6"))


@pytest.fixture(scope="module")
def libc() -> Path:
    found = next((path for path in LIBRARIES if path.exists()), None)
    if found is None:
        pytest.skip("no libc.so.6 where it is expected")
    return found


def find(path: Path, name: str) -> int | None:
    fd = os.open(path, os.O_RDONLY)
    try:
        return find_exported(fd, name)
    finally:
        os.close(fd)


def test_addresses_are_those_that_pyelftools_reads(libc: Path) -> None:
    with libc.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".dynsym")
        assert isinstance(table, SymbolTableSection)
        values = {each.name: each["st_value"] for each in table.iter_symbols() if each["st_shndx"] != "SHN_UNDEF"}
    for name in ("malloc", "environ"):
        assert find(libc, name) == values[name] > 0


def test_what_is_not_exported_is_not_found(libc: Path) -> None:
    assert find(libc, "gHotSpotVMStructs") is None
    assert find(libc, "mallo") is None
    assert find(Path("/bin/sh"), "malloc") is None, "it needs it, and has not got it"


def test_damaged_files_have_no_symbols_and_raise_nothing(libc: Path, tmp_path: Path) -> None:
    whole, source, path = bytearray(libc.read_bytes()), random.Random(5), tmp_path / "x"
    places = [*range(64), *range(len(whole) - 64 * 70, len(whole))]
    for _ in range(100):
        damaged = whole[: source.choice((70, len(whole) - 9, len(whole)))]
        for at in source.sample(places, 12):
            if at < len(damaged):
                damaged[at] = source.randrange(256)
        path.write_bytes(damaged)
        assert find(path, "malloc") is None or find(path, "malloc") == find(libc, "malloc")
    path.write_bytes(b"#!/bin/sh\n" * 10)
    assert find(path, "malloc") is None
