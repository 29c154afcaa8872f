"""A stack of aarch64 that was recorded on it: the same tables, other registers, signed return addresses."""

import os
import struct
from collections.abc import Iterator

import pytest
from places import DATA
from proc.callstack.conftest import code_of_file

from smapstop.proc.callstack.code_file import CodeFile
from smapstop.proc.callstack.frame_names import FrameNames
from smapstop.proc.callstack.registers import AARCH64
from smapstop.proc.callstack.unwind import Unwinder
from smapstop.proc.elf.mapped_files import ElfCache

RECORDED = DATA / "callstack"
CHAIN = ["tell", "inner", "with_variable_size", "outer", "main", "_start"]


@pytest.fixture
def file() -> Iterator[CodeFile]:
    file = CodeFile(os.open(RECORDED / "aarch64.elf", os.O_RDONLY), AARCH64, ElfCache())
    yield file
    file.close()


def sample() -> tuple[tuple[int, ...], bytes]:
    """Registers and stack."""
    recorded = (RECORDED / "aarch64.sample").read_bytes()
    return struct.unpack("<33Q", recorded[:264]), recorded[264:]


def test_a_stack_of_aarch64_is_unwound_up_to_its_start(file: CodeFile) -> None:
    code = code_of_file(file, AARCH64)
    stack = Unwinder(code).unwind(*sample())
    assert [frame.name for frame in FrameNames(code).frames(stack.addresses)] == CHAIN
    assert not stack.is_cut


def test_return_addresses_in_it_are_signed(file: CodeFile) -> None:
    """Else the test above would not show that their codes are taken off."""
    _, stack = sample()
    words = struct.unpack(f"<{len(stack) // 8}Q", stack)
    assert [word for word in words if word >> 48 and file.read_code(word & AARCH64.address_mask, 1)]


def test_what_is_not_sampled_is_cut_off(file: CodeFile) -> None:
    code = code_of_file(file, AARCH64)
    registers, stack = sample()
    short = Unwinder(code).unwind(registers, stack[:16])
    assert [frame.name for frame in FrameNames(code).frames(short.addresses)] == CHAIN[:3]
    assert short.is_cut
