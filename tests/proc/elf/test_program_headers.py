"""Program headers alone: where a file's zeroed data is, and whether Go made it."""

import os
import random
import shutil
import struct
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from smapstop.proc.elf.elf_file import ElfSegment
from smapstop.proc.elf.program_headers import ProgramHeaders, read_program_headers

K = 4096
TEXT = ElfSegment(0, 0x400000, 3 * K, 5, memory_bytes=3 * K)


def read(path: Path) -> ProgramHeaders:
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_program_headers(fd)
    finally:
        os.close(fd)


@pytest.mark.parametrize("path", [Path(sys.executable).resolve(), Path(shutil.which("cc") or "/bin/sh").resolve()])
def test_segments_are_those_that_pyelftools_reads(path: Path) -> None:
    with path.open("rb") as file:
        expected = [
            (each["p_offset"], each["p_vaddr"], each["p_filesz"], each["p_flags"], each["p_memsz"])
            for each in ELFFile(file).iter_segments("PT_LOAD")
        ]
    headers = read(path)
    segments = [
        (each.offset, each.address, each.file_bytes, each.flags, each.memory_bytes) for each in headers.segments
    ]
    assert segments == expected
    assert not headers.is_go


@pytest.mark.skipif(shutil.which("gofmt") is None, reason="Go is not installed")
def test_what_go_links_says_so() -> None:
    assert read(Path(shutil.which("gofmt") or "").resolve()).is_go


@pytest.mark.parametrize(
    ("segment", "offset", "size", "kb"),
    [
        # the file's last page also holds the first zeros; two more pages follow
        (ElfSegment(3 * K, 0x404000, K + 8, 6, memory_bytes=3 * K + 8), 3 * K, 2 * K, 8),
        (ElfSegment(3 * K, 0x404000, K + 8, 6, memory_bytes=2 * K), 3 * K, 2 * K, 0),
        (ElfSegment(3 * K, 0x404000, K, 6, memory_bytes=K), 3 * K, K, 0),
        # a mapping of the segment's first page only, or its last: relocated data is protected
        (ElfSegment(3 * K, 0x404000, 2 * K, 6, memory_bytes=4 * K), 3 * K, K, 0),
        (ElfSegment(3 * K, 0x404000, 2 * K, 6, memory_bytes=4 * K), 4 * K, K, 8),
        # a segment that has only zeroed data, behind the one before
        (ElfSegment(3 * K, 0x403000, 0, 6, memory_bytes=5 * K), 0, 3 * K, 20),
        (ElfSegment(3 * K, 0x409000, 0, 6, memory_bytes=5 * K), 0, 3 * K, 0),
    ],
)
def test_zeroed_data_begins_where_the_file_ends(segment: ElfSegment, offset: int, size: int, kb: int) -> None:
    assert ProgramHeaders((TEXT, segment)).bss_kb_behind(offset, size) == kb


def test_a_32_bit_file_in_the_other_byte_order(tmp_path: Path) -> None:
    head = (
        b"\x7fELF\x01\x02\x01" + bytes(9) + struct.pack(">HHIIIIIHHHHHH", 2, 20, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    )
    (tmp_path / "x").write_bytes(head + struct.pack(">IIIIIIII", 1, 0, 0x10000, 0, K, 3 * K, 6, K))
    assert read(tmp_path / "x").segments == (ElfSegment(0, 0x10000, K, 6, memory_bytes=3 * K),)


def test_any_other_bytes_are_no_headers_or_few(tmp_path: Path) -> None:
    whole, path = Path("/bin/sh").resolve().read_bytes()[:4096], tmp_path / "x"
    source = random.Random(7)
    for size in (0, 3, 40, 63, 64, 200, 4096):
        for _ in range(20):
            damaged = bytearray(whole[:size])
            for at in source.sample(range(size), min(size, 8)):
                damaged[at] = source.randrange(256)
            path.write_bytes(damaged)
            assert len(read(path).segments) <= 200
    path.write_bytes(b"#!/bin/sh\n" * 10)
    assert read(path) == ProgramHeaders()
