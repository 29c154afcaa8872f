"""Large blocks and heaps of glibc's malloc, by their headers, and memory that only looks like them."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stepped_program import SteppedProgram, stepped_python

from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.added_columns.glibc_malloc import GlibcMalloc, MallocMemory

pytestmark = pytest.mark.skipif(
    "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""), reason="another libc has another malloc"
)
STEPS = {
    "one": MallocMemory.BLOCKS,
    "two": MallocMemory.BLOCKS,
    "whole": MallocMemory.BLOCKS,
    "nearly-whole": MallocMemory.BLOCKS,
    "half": MallocMemory.SOME,
    "less": None,
    "more": None,
    "unknown": None,
    "untouched": None,
    "heaps": MallocMemory.HEAPS,
}


MANY = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.mallopt(-3, 128 << 10)  # M_MMAP_THRESHOLD
libc.malloc(128 << 10)
def stand(count):
    address = [libc.malloc(200 << 10) for _ in range(count)][-1]
    os.write(1, f"blocks {address:x} {count}\\n".encode()); os.read(0, 1)
for _ in range(3):
    stand(900)
"""


def row_at(mappings: Mappings, address: int) -> int:
    row = int(np.searchsorted(mappings.start, np.uint64(address), "right")) - 1
    assert address < mappings.end[row]
    return row


def test_what_begins_with_headers_of_malloc_is_its_memory(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("malloc_blocks")) as target, ProcDir(target.pid) as process:
        found, malloc = dict[str, MallocMemory | None](), GlibcMalloc(process)
        for name in STEPS:
            mappings = parse_smaps(process.read_smaps())
            found[target.words[0]] = malloc.find_in(mappings).get(row_at(mappings, target.address))
            if name != "heaps":
                target.go()
        assert found == STEPS
        first_heap = next(has for has in malloc.find_in(mappings).items() if has[1] is MallocMemory.HEAPS)
        assert mappings.start[first_heap[0]] % (64 << 20) == 0


def test_a_header_is_looked_at_once(program: Callable[[str], Path]) -> None:
    """Its page is referenced by that, which others may measure."""
    with SteppedProgram(program("malloc_blocks")) as target, ProcDir(target.pid) as process:
        malloc, referenced = GlibcMalloc(process), list[int]()
        while target.words[0] != "whole":
            target.go()
        for _ in range(2):
            mappings = parse_smaps(process.read_smaps())
            row = row_at(mappings, target.address)
            Path(f"/proc/{target.pid}/clear_refs").write_text("1")
            assert malloc.find_in(mappings)[row] is MallocMemory.BLOCKS
            column = parse_smaps(process.read_smaps()).get("referenced")
            assert column is not None
            referenced.append(int(column[row]))
        assert referenced == [4, 0]


def test_of_many_blocks_those_that_are_new_are_looked_at() -> None:
    with stepped_python(MANY) as target, ProcDir(target.pid) as process:
        malloc, found = GlibcMalloc(process), list[MallocMemory | None]()
        for at in range(3):
            mappings = parse_smaps(process.read_smaps())
            row = row_at(mappings, target.address)
            found.append(malloc.find_in(mappings).get(row))
            late = GlibcMalloc(process).find_in(mappings).get(row)
            if at < 2:
                target.go()
        assert found == [MallocMemory.BLOCKS] * 3
        assert mappings.end[row] - mappings.start[row] > np.uint64(2_500 * (200 << 10)), "all in one mapping"
        assert late is MallocMemory.SOME, "more than a reading looks at"


@pytest.mark.usefixtures("swap")
def test_what_was_found_stands_while_the_header_is_in_swap(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("malloc_blocks"), "paged-out") as target, ProcDir(target.pid) as process:
        malloc, late = GlibcMalloc(process), GlibcMalloc(process)
        while target.words[0] != "whole":
            target.go()
        mappings = parse_smaps(process.read_smaps())
        row = row_at(mappings, target.address)
        assert malloc.find_in(mappings)[row] is MallocMemory.BLOCKS
        while target.words[0] != "paged-out":
            target.go()
            mappings = parse_smaps(process.read_smaps())
            has = malloc.find_in(mappings)
        assert has[row_at(mappings, target.address)] is MallocMemory.BLOCKS
        assert row_at(mappings, target.address) not in late.find_in(mappings), "it was never seen"
