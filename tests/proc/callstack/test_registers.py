"""Registers by perf's numbers and by DWARF's: both from the headers and ABIs, none from the code."""

import pytest

from smapstop.proc.callstack.registers import AARCH64, X86_64, Architecture, native_architecture

X86_BITS = {"ax": 0, "bx": 1, "cx": 2, "dx": 3, "si": 4, "di": 5, "bp": 6, "sp": 7, "ip": 8} | {
    f"r{number}": number + 8 for number in range(8, 16)
}
"""enum perf_event_x86_regs of asm/perf_regs.h."""
X86_DWARF = ["ax", "dx", "cx", "bx", "si", "di", "bp", "sp", *(f"r{number}" for number in range(8, 16)), "ip"]
"""System V ABI, AMD64, figure 3.36; the return address has the number after the registers."""


def test_a_sample_of_x86_64_is_taken_apart_by_name() -> None:
    by_bit = sorted(X86_BITS, key=lambda name: X86_BITS[name])
    assert sum(1 << bit for bit in X86_BITS.values()) == X86_64.perf_mask
    values = {name: 1000 + bit for name, bit in X86_BITS.items()}
    sample = tuple(values[name] for name in by_bit)
    assert X86_64.in_dwarf_order(sample) == [values[name] for name in X86_DWARF]
    assert X86_DWARF[X86_64.stack_pointer] == "sp"
    assert X86_DWARF[X86_64.frame_pointer] == "bp"
    assert X86_DWARF[X86_64.pc] == "ip"


def test_aarch64_has_the_same_order_in_both() -> None:
    assert AARCH64.in_dwarf_order(tuple(range(33))) == list(range(33))
    assert (AARCH64.frame_pointer, AARCH64.stack_pointer, AARCH64.pc) == (29, 31, 32)


@pytest.mark.parametrize("architecture", [X86_64, AARCH64])
def test_the_mask_has_as_many_bits_as_a_sample_has_registers(architecture: Architecture) -> None:
    assert architecture.perf_mask.bit_count() == len(architecture.sample_order)
    with pytest.raises(IndexError):
        architecture.in_dwarf_order((0,) * (len(architecture.sample_order) - 1))


@pytest.mark.parametrize(("machine", "expected"), [("x86_64", X86_64), ("aarch64", AARCH64), ("riscv64", None)])
def test_other_machines_are_not_unwound(
    machine: str, expected: Architecture | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert native_architecture() == expected
