"""Registers of each architecture: as perf samples them (uapi/asm/perf_regs.h), and by their DWARF numbers."""

import platform
from operator import itemgetter

from smapstop.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Architecture:
    """What must be known of an architecture to sample and to unwind."""

    machine: int
    """EM_* of its ELF files (elf.h)."""
    perf_mask: int
    """Registers to sample: sample_regs_user of perf_event_attr. A sample has them in the order of the mask's bits."""
    sample_order: tuple[int, ...]
    """Place in a sample of each DWARF register, by its number; the last one is the program counter's."""
    stack_pointer: int
    """DWARF number of the stack pointer."""
    frame_pointer: int
    """DWARF number of the frame pointer."""
    return_register: int
    """DWARF number of the return address: on aarch64 of the link register, on x86-64 the program counter's."""
    address_mask: int
    """Bits of an address in code: on aarch64 the upper ones of a return address may hold its authentication code."""

    @property
    def pc(self) -> int:
        """Index of the program counter in `in_dwarf_order`."""
        return len(self.sample_order) - 1

    def in_dwarf_order(self, registers: tuple[int, ...]) -> list[int]:
        """Return the registers of a sample by their DWARF numbers, the program counter last.

        Raises:
            IndexError: There are fewer than `perf_mask` has bits.
        """
        return list(itemgetter(*self.sample_order)(registers))


_AX, _BX, _CX, _DX, _SI, _DI, _BP, _SP, _IP = range(9)
"""Bits, and places in a sample, of the first registers of x86-64: PERF_REG_X86_AX …"""

X86_64 = Architecture(
    machine=62,
    perf_mask=0x1FF | 0xFF << 16,  # ax … ip; r8 … r15, whose bits follow those of flags and segment registers
    sample_order=(_AX, _DX, _CX, _BX, _SI, _DI, _BP, _SP, *range(9, 17), _IP),
    stack_pointer=7,
    frame_pointer=6,
    return_register=16,
    address_mask=2**64 - 1,
)
AARCH64 = Architecture(
    machine=183,
    perf_mask=2**33 - 1,  # x0 … x29, lr, sp, pc
    sample_order=tuple(range(33)),
    stack_pointer=31,
    frame_pointer=29,
    return_register=30,
    address_mask=2**48 - 1,
)
_BY_NAME = {"x86_64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}


def native_architecture() -> Architecture | None:
    """Architecture of this machine; `None` if its stacks cannot be unwound."""
    return _BY_NAME.get(platform.machine())
