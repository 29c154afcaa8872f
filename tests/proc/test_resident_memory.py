"""Memory of a process that is read only where it is resident."""

import pytest
from stepped_program import stepped_python

from smapstop.proc.pages.pagemap import PAGE_BYTES
from smapstop.proc.process import ProcDir
from smapstop.proc.resident_memory import ResidentMemory

CODE = """
import ctypes, mmap
memory = mmap.mmap(-1, 4 * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE)
memory[mmap.PAGESIZE - 8:mmap.PAGESIZE + 8] = (0x1234).to_bytes(8, "little") + bytes(range(8))
at = ctypes.addressof(ctypes.c_char.from_buffer(memory))
os.write(1, f"at {at:x}\\n".encode()); os.read(0, 1)
"""


def test_a_page_that_is_not_in_memory_is_not_read_and_not_brought_in() -> None:
    with stepped_python(CODE) as target, ProcDir(target.pid) as process:
        before = process.read("statm")
        with ResidentMemory(process) as memory:
            at = target.address
            assert memory.read(at + PAGE_BYTES, 8) == bytes(range(8))
            assert memory.read_pointer(at + PAGE_BYTES - 8) == 0x1234
            whole = memory.read(at, 4 * PAGE_BYTES)
            assert len(whole) == 2 * PAGE_BYTES, "up to the first page that is not"
            assert whole[PAGE_BYTES:][:8] == bytes(range(8))
            assert memory.read(at + 2 * PAGE_BYTES, 8) == b""
            assert memory.read_pointer(at + 3 * PAGE_BYTES) is None
            assert memory.read_pointer(2 * PAGE_BYTES - 4 + at) is None, "half of it"
        assert process.read("statm") == before


@pytest.mark.parametrize("address", [0, 1 << 47, (1 << 63) + 8, (1 << 64) - 8, 0xFFFF_FFFF_FF60_0000])
def test_addresses_without_memory_have_none(address: int) -> None:
    with stepped_python(CODE) as target, ProcDir(target.pid) as process, ResidentMemory(process) as memory:
        assert memory.read(address, 8) == b""
