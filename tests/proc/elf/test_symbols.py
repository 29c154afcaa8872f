"""Symbols on the pages of real programs and libraries."""

import os
import random
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from watched_program import FREESTANDING, NON_PIE, PIE, STRIPPED, Compiler, watch_program

from smapstop.proc.columns import Addresses
from smapstop.proc.elf import elf_file, symbols
from smapstop.proc.elf.elf_file import read_elf
from smapstop.proc.elf.symbols import Symbols, find_symbols_by_range, find_symbols_in_ranges
from smapstop.proc.pages.page_runs import PageFlags
from smapstop.proc.pages.pagemap import PAGE_BYTES

pytestmark = pytest.mark.skipif(PAGE_BYTES != 4096, reason="the programs' pages are of 4 kB")

OF_FILE = PageFlags.FILE | PageFlags.PRESENT


def named(path: Path, page: int, perms: str = "rw-p", **most: int) -> Symbols:
    """Symbols on one page of a file."""
    fd = os.open(path, os.O_RDONLY)
    try:
        ranges = np.array([[page, page + PAGE_BYTES]], np.uint64)
        return find_symbols_in_ranges(read_elf(fd), fd, ranges, perms, **most)
    finally:
        os.close(fd)


def offset_of(path: Path, symbol: str) -> int:
    """File offset of a variable, according to nm and readelf."""
    nm = subprocess.run(("nm", path), capture_output=True, text=True, check=True).stdout
    address = next(int(line.split()[0], 16) for line in nm.splitlines() if line.split()[-1] == symbol)
    readelf = subprocess.run(("readelf", "-lW", path), capture_output=True, text=True, check=True).stdout
    for line in readelf.splitlines():
        if line.split()[:1] == ["LOAD"]:
            offset, start, _, size = (int(part, 16) for part in line.split()[1:5])
            if start <= address < start + size:
                return offset + address - start
    raise AssertionError(f"no segment of {symbol}")


@pytest.mark.parametrize("options", [PIE, NON_PIE])
def test_page_that_is_written_turns_from_file_to_anonymous_and_has_a_name(
    compiler: Compiler, options: tuple[str, ...]
) -> None:
    with watch_program(compiler("known_pages", *options)) as target:
        assert target.flags(0, 1) == [OF_FILE, OF_FILE]
        assert target.next_copied_symbols() == Symbols(("page1",))
        assert target.flags(0, 1) == [PageFlags.PRESENT, OF_FILE]
        assert target.next_copied_symbols() == Symbols(("page2", "wide"))
        assert target.flags(0, 1, 2, 3, 4, 5) == [
            PageFlags.PRESENT,
            PageFlags.PRESENT,
            OF_FILE,
            OF_FILE,
            PageFlags.PRESENT,
            OF_FILE,
        ]


def test_pages_of_a_library_have_its_names(with_library: Callable[..., Path]) -> None:
    with watch_program(with_library()) as target:
        assert target.flags(0, 1) == [OF_FILE, OF_FILE]
        assert target.next_copied_symbols() == Symbols(("page1",))
        assert target.flags(0, 1) == [PageFlags.PRESENT, OF_FILE]
        assert target.next_copied_symbols() == Symbols(("page2", "wide"))


def test_mangled_names_are_given_as_their_language_has_them(compiler: Compiler, tmp_path: Path) -> None:
    names = {"page1": "_ZN7program5page1E", "page2": "_RNvNtCs6xxl1lAjzDf_1a8counters4HITS"}
    renamed = [f"--redefine-sym={plain}={mangled}" for plain, mangled in names.items()]
    program = tmp_path / "program"
    subprocess.run(("objcopy", *renamed, compiler("known_pages"), program), check=True)

    with watch_program(program) as target:
        assert target.next_copied_symbols() == Symbols(("program::page1",))
        assert target.next_copied_symbols() == Symbols(("a::counters::HITS", "wide"))
        mappings, row = target.mapping()
        each = target.files.find_symbols_by_run(target.process, mappings, row, target.copied_pages, most=9)
        assert [name for symbols in each for name in symbols.names if "::" in name] == [
            "program::page1",
            "a::counters::HITS",
        ]


def test_stripped_library_still_names_what_it_exports(with_library: Callable[..., Path]) -> None:
    with watch_program(with_library(*STRIPPED)) as target:
        assert target.next_copied_symbols() == Symbols(("page1",))
        assert target.next_copied_symbols() == Symbols((".data",)), "page2 and wide are static"


def test_stripped_program_names_its_sections(compiler: Compiler) -> None:
    with watch_program(compiler("known_pages", *PIE, *STRIPPED)) as target:
        assert target.next_copied_symbols().names == (".data",)


def test_several_variables_on_a_page_in_address_order_without_second_names(compiler: Compiler) -> None:
    path = compiler("known_pages", *PIE)
    page = offset_of(path, "crowd1")

    assert named(path, page) == Symbols(("crowd1", "crowd2", "crowd3", "crowd4"), 2)
    assert named(path, page).labels == ("crowd1", "crowd2", "crowd3", "crowd4", "2 more")
    assert named(path, page, most=6).labels == ("crowd1", "crowd2", "crowd3", "crowd4", "crowd5", "crowd6")
    assert named(path, page, most=1) == Symbols(("crowd1",), 5)


def test_ranges_of_several_pages(compiler: Compiler) -> None:
    path = compiler("known_pages", *PIE)
    page1 = offset_of(path, "page1")
    ranges = np.array([[page1, page1 + PAGE_BYTES], [page1 + 4 * PAGE_BYTES, page1 + 5 * PAGE_BYTES]], np.uint64)
    fd = os.open(path, os.O_RDONLY)
    try:
        found = find_symbols_in_ranges(read_elf(fd), fd, ranges, "rw-p")
    finally:
        os.close(fd)

    assert found == Symbols(("page1", "wide"))


@pytest.mark.parametrize("perms", ["rw-p", "r-xp", "r--p"])
@pytest.mark.parametrize("options", [(), STRIPPED])
def test_each_of_many_ranges_has_the_names_that_it_has_alone(
    compiler: Compiler, options: tuple[str, ...], perms: str
) -> None:
    path = compiler("known_pages", *PIE, *options)
    starts = np.arange(path.stat().st_size // PAGE_BYTES + 2, dtype=np.uint64) * np.uint64(PAGE_BYTES)
    ranges = np.stack([starts, starts + np.uint64(PAGE_BYTES)], axis=1)
    fd = os.open(path, os.O_RDONLY)
    try:
        found = read_elf(fd)
        alone = [find_symbols_in_ranges(found, fd, each[None], perms, most=3) for each in ranges]
        assert len({symbols.names for symbols in alone}) > 3
        for step in (1, 2, 1000):
            assert find_symbols_by_range(found, fd, ranges[::step], perms, most=3) == alone[::step]
        assert find_symbols_by_range(found, fd, ranges[:0], perms) == []
    finally:
        os.close(fd)


def symbols_on_each_of(path: Path, ranges: Addresses, perms: str) -> list[Symbols]:
    """Symbols on each range of a file."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return find_symbols_by_range(read_elf(fd), fd, ranges, perms)
    finally:
        os.close(fd)


def test_symbols_that_overlap_beyond_measure_are_not_looked_through(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = compiler("known_pages", *PIE)
    monkeypatch.setattr(symbols, "MAX_PAIRS", 3)
    page = offset_of(path, "crowd1")
    ranges = np.array([[page, page + PAGE_BYTES]], np.uint64)

    assert symbols_on_each_of(path, ranges, "rw-p") == [Symbols(missing_reason="has too many overlapping symbols")]


def test_thread_local_variables_lie_nowhere(compiler: Compiler) -> None:
    path = compiler("known_pages", *PIE)

    assert "of_thread" not in named(path, 0, "r--p", most=1000).names, "where its value would be as an address"


def test_code_has_the_names_of_functions(compiler: Compiler) -> None:
    path = compiler("known_pages", *PIE)
    page = offset_of(path, "known_pages") // PAGE_BYTES * PAGE_BYTES

    assert {"known_pages", "main"} < set(named(path, page, "r-xp", most=1000).names)


def test_code_and_data_that_share_a_page_of_the_file_are_distinguished_by_permissions(compiler: Compiler) -> None:
    path = compiler("one_page", *FREESTANDING, "-Wl,-z,noseparate-code,-z,norelro")

    assert offset_of(path, "variable") // PAGE_BYTES == offset_of(path, "_start") // PAGE_BYTES == 0
    assert named(path, 0, "r-xp").names == ("_start",)
    assert named(path, 0, "rwxp").names == ("_start",), "code that was written, as a debugger does"
    assert named(path, 0, "rw-p").names == ("variable", "zeroed")


def test_zero_initialized_data_behind_the_end_of_the_file(compiler: Compiler) -> None:
    options = (*FREESTANDING, "-Wl,-z,noseparate-code,-z,norelro")

    assert named(compiler("one_page", *options), 0).names == ("variable", "zeroed")
    assert named(compiler("one_page", *options, *STRIPPED), 0).names == (".data", ".bss")


@pytest.mark.parametrize("bits", ["-m32", "-m64"])
def test_both_widths_and_both_byte_orders(compiler: Compiler, tmp_path: Path, bits: str) -> None:
    path = compiler("freestanding", *FREESTANDING, bits)
    page1, code = offset_of(path, "page1"), offset_of(path, "_start") // PAGE_BYTES * PAGE_BYTES
    swapped = tmp_path / "swapped"
    swapped.write_bytes(other_byte_order(path.read_bytes()))

    for file in (path, swapped):
        assert named(file, page1) == Symbols(("page1",))
        assert named(file, page1 + PAGE_BYTES) == Symbols(("variable",))
        assert named(file, code, "r-xp").names[:1] == ("_start",)


def other_byte_order(content: bytes) -> bytes:
    """The headers and the symbol table of an ELF file in big endian instead of little (elf(5))."""
    wide = content[4] == 2
    file = bytearray(content)
    head, program, section, symbol = (
        ("HHIQQQIHHHHHH", "IIQQQQQQ", "IIQQQQIIQQ", "IBBHQQ")
        if wide
        else ("HHIIIIIHHHHHH", "IIIIIIII", "IIIIIIIIII", "IIIBBH")
    )

    def swap(layout: str, place: int) -> tuple[int, ...]:
        values = struct.unpack_from("<" + layout, content, place)
        struct.pack_into(">" + layout, file, place, *values)
        return values

    file[5] = 2
    header = swap(head, 16)
    for number in range(header[9]):
        swap(program, header[4] + number * struct.calcsize("<" + program))
    for number in range(header[11]):
        values = swap(section, header[5] + number * struct.calcsize("<" + section))
        kind, offset, size = values[1], values[4], values[5]
        if kind == 2:
            for place in range(offset, offset + size, struct.calcsize("<" + symbol)):
                swap(symbol, place)
    return bytes(file)


def lacking(path: Path) -> str:
    """The reason why a file has no symbols."""
    found = named(path, 0)
    assert found.names == ()
    return found.missing_reason


def test_files_without_symbols_say_why(compiler: Compiler, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("text")
    assert lacking(file) == "is not an ELF file"
    file.write_bytes(b"")
    assert lacking(file) == "is not an ELF file"
    file.write_bytes(b"\x7fELF")
    assert lacking(file) == "is a damaged ELF file"
    file.write_bytes(compiler("known_pages", *PIE).read_bytes()[:5000])
    assert lacking(file) == "is a damaged ELF file"
    assert (
        named(compiler("one_page", *FREESTANDING, *STRIPPED), 0, "r-xp").missing_reason
        == "is stripped of its symbols"
    )


def test_tables_that_are_too_large_are_passed_over(compiler: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    path = compiler("freestanding", *FREESTANDING)
    page1 = offset_of(path, "page1")
    count = len(subprocess.run(("nm", "-a", path), capture_output=True, check=True).stdout.splitlines()) + 1
    monkeypatch.setattr(elf_file, "MAX_SYMBOLS", count - 1)
    assert named(path, page1) == Symbols((".data",), 0, f"has too many symbols to read ({count})")
    monkeypatch.setattr(elf_file, "MAX_HEADERS", 3)
    assert named(path, page1) == Symbols((), 0, "has too many sections to read")


def test_damage_anywhere_never_fails(compiler: Compiler, tmp_path: Path) -> None:
    chance = random.Random(7)
    content = compiler("freestanding", *FREESTANDING).read_bytes()
    headers = [*range(64 * 8), *range(len(content) - 1400, len(content))]
    file = tmp_path / "damaged"
    outcomes = set()
    for _ in range(400):
        damaged = bytearray(content[: chance.choice([len(content), len(content), chance.randrange(len(content))])])
        for _ in range(chance.choice([1, 1, 1, 3, 30])):
            place = chance.choice(headers)
            if 4 <= place < len(damaged):
                damaged[place] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        file.write_bytes(damaged)
        outcomes.add(named(file, 0x3000).missing_reason)

    assert outcomes >= {"", "is a damaged ELF file"}
