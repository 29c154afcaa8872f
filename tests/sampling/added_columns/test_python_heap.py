"""The heap of Python, by the headers of its pools; memory beside it that has something else, or nothing."""

import struct
import sysconfig

import numpy as np
import pytest
from stepped_program import stepped_python

from smapstop.model.labels import labels_of
from smapstop.proc.added_fields import PYTHON_HEAP
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.added_columns.program_facts import ProgramFacts
from smapstop.sampling.added_columns.python_heap import is_pool

GROWING = """
kept = [str(number) * 20 for number in range(100_000)]
step()
kept += [str(number) * 20 for number in range(100_000)]
step()
"""
BESIDE = """
import ctypes, mmap
kept = [str(number) * 20 for number in range(100_000)]
memories = [mmap.mmap(-1, 4 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(2)]
for memory in memories:
    memory.madvise(mmap.MADV_DONTFORK)  # the kernel does not join them with their neighbours
memories[0].write(b"x" * (4 << 20))
addresses = [ctypes.addressof(ctypes.c_char.from_buffer(memory)) for memory in memories]
os.write(1, f"memory {min(addresses):x} {max(addresses):x}\\n".encode()); os.read(0, 1)
"""
REPLACED = """
import ctypes, mmap, struct
memory = mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_DONTFORK)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
others = []
def stand():
    others.append(mmap.mmap(-1, 4096))  # now the map is another one
    os.write(1, f"memory {address:x}\\n".encode()); os.read(0, 1)
def fill(text, places):
    memory.madvise(mmap.MADV_DONTNEED)
    for place in places:
        memory[place : place + len(text)] = text
block = struct.pack("QQ", 0, (1 << 20) + 2)
pool = struct.pack("IIQQQIIII", 3, 0, 0, 1, 2, 7, 1, 48 + 32 * 5, 16384 - 32)
for _ in range(2):
    fill(block, [0])
    stand()
    fill(pool, [place for place in range(1 << 20) if (address + place) % 16384 == 0])
    stand()
"""
STRINGS_KB = 100_000 * 150 // 1024
"""Size of the strings that are kept at one step, at least."""
HEADER = struct.Struct("<IIQQQIIII")
ADDRESS = 0x7F00_0000_4000

pytestmark = pytest.mark.skipif(
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="without its lock Python has another allocator"
)


def read(process: ProcDir, facts: ProgramFacts) -> Mappings:
    return facts.add_to(parse_smaps(process.read_smaps()))


def heap_of(mappings: Mappings) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows that are marked as the heap."""
    column = mappings.get(PYTHON_HEAP)
    return np.zeros(0, np.intp) if column is None else np.flatnonzero(column == 1)


def heap_kb(mappings: Mappings) -> int:
    rss = mappings.get("rss")
    assert rss is not None
    return int(rss[heap_of(mappings)].sum())


def test_small_objects_are_in_the_heap_as_it_grows() -> None:
    with stepped_python(GROWING) as target, ProcDir(target.pid) as process:
        facts = ProgramFacts(process)
        before = heap_kb(read(process, facts))
        assert before >= STRINGS_KB
        target.go()
        assert heap_kb(read(process, facts)) >= before + STRINGS_KB


def test_what_lies_beside_the_heap_is_none() -> None:
    with stepped_python(BESIDE) as target, ProcDir(target.pid) as process:
        mappings = read(process, ProgramFacts(process))
        assert heap_kb(mappings) >= STRINGS_KB
        for address in (int(word, 16) for word in target.words[1:]):
            row = int(np.flatnonzero(mappings.start <= address)[-1])
            assert mappings.end[row] > address
            assert row not in heap_of(mappings)


def test_what_takes_the_place_of_other_memory_has_a_label_of_its_own() -> None:
    with stepped_python(REPLACED) as target, ProcDir(target.pid) as process:
        facts, labels = ProgramFacts(process), list[str]()
        for at in range(4):
            mappings = read(process, facts)
            row = int(np.flatnonzero(mappings.start <= target.address)[-1])
            labels.append(str(labels_of(mappings, {})[row]))
            if at < 3:
                target.go()
        assert labels == ["malloc block", "Python heap"] * 2


def header(
    pool_bytes: int, block_bytes: int, size_class: int, used: int = 3, free: int = ADDRESS + 0x400, blocks: int = 5
) -> bytes:
    """The header of a pool of which some blocks have been used."""
    offset = HEADER.size + blocks * block_bytes
    return HEADER.pack(used, 0, free, 1, 2, 7, size_class, offset, pool_bytes - block_bytes)


@pytest.mark.parametrize(
    "text",
    [
        header(16384, 32, 1),
        header(16384, 512, 31, free=0),
        header(4096, 32, 1),
        header(4096, 16, 1),  # before Python 3.7
    ],
)
def test_pools_of_all_versions_are_recognised(text: bytes) -> None:
    assert is_pool(text, ADDRESS)


@pytest.mark.parametrize(
    "text",
    [
        bytes(HEADER.size),
        b"\xff" * HEADER.size,
        header(16384, 32, 2),
        header(8192, 32, 1),
        header(16384, 528, 32),
        header(16384, 32, 1, used=511),
        header(16384, 32, 1, free=ADDRESS + 16384),
        header(16384, 32, 1, free=ADDRESS - 8),
        header(16384, 32, 1, blocks=600),
        header(16384, 32, 1)[:40] + struct.pack("<II", 50, 16384 - 32),
    ],
)
def test_what_contradicts_itself_is_no_pool(text: bytes) -> None:
    assert not is_pool(text, ADDRESS)
