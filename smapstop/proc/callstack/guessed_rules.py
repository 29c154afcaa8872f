"""Guess frame rules for code without tables: what compilers usually do, if the result is plausible."""

from smapstop.proc.callstack.frame_rules import FrameRule, SavedAs
from smapstop.proc.callstack.registers import X86_64, Architecture

TRAMPOLINE_PREFIX = "py::"
"""Begins the names of CPython's trampolines in a perf map: each calls the interpreter for one Python function."""
_TRAMPOLINE_ENTRY_BYTES = 4
"""Bytes of a trampoline before its call: `sub $8,%rsp`, or `push %rbp` and a move."""

# bp + ([sp] - bp) * (bp == sp)
_BP_IF_PUSHED = bytes([0x77, 0, 0x06, 0x76, 0, 0x1C, 0x76, 0, 0x77, 0, 0x29, 0x1E, 0x76, 0, 0x22])
_TRAMPOLINE = FrameRule(7, 16, ((16, -8),), 16, ((6, SavedAs.VALUE_EXPRESSION, _BP_IF_PUSHED),))
"""CPython's trampoline on x86-64 (Python/asm_trampoline.S): `sub $8,%rsp; call *%rcx`, since some version
`push %rbp; mov %rsp,%rbp; call *%rcx`, which shows in that bp and sp are the same."""


def frame_pointer_rule(architecture: Architecture) -> FrameRule:
    """Rule of code that keeps a frame pointer, as Go's and most code written at run time does."""
    back, pointer = architecture.return_register, architecture.frame_pointer
    return FrameRule(pointer, 16, ((back, -8), (pointer, -16)), back, is_guess=True)


LEAF_RULE = FrameRule(7, 8, ((16, -8),), 16, is_guess=True)
"""Rule of a function that has no frame at all, on x86-64: its return address is on top of the stack."""


def call_target(code: bytes, pc: int) -> int | None:
    """Return where a direct call leads; `None` if there is none.

    Args:
        code: Some 8 bytes before `pc`, on x86-64.
        pc: Address to which it returns.
    """
    if code[-5:-4] != b"\xe8":
        return None
    return pc + int.from_bytes(code[-4:], "little", signed=True)


def is_stub(code: bytes) -> bool:
    """Whether code on x86-64 jumps at once to an address that was found at run time, as that of a PLT does."""
    return code.removeprefix(b"\xf3\x0f\x1e\xfa").removeprefix(b"\xf2").startswith(b"\xff\x25")


def trampoline_rule(architecture: Architecture, distance: int) -> FrameRule | None:
    """Rule of CPython's trampolines; `None` if they keep a frame pointer.

    Args:
        architecture: Of the process.
        distance: Bytes between the start of the trampoline and the address.
    """
    if architecture != X86_64:
        return None
    return _TRAMPOLINE if distance >= _TRAMPOLINE_ENTRY_BYTES else FrameRule(7, 8, ((16, -8),), 16)


def follows_call(architecture: Architecture, code: bytes) -> bool:
    """Whether code ends with a call instruction, as it does before every return address.

    Args:
        architecture: Of the process.
        code: Some 8 bytes.
    """
    if architecture != X86_64:  # bl, or blr and its kinds with authentication
        word = int.from_bytes(code[-4:], "little")
        return word >> 26 == 0b100101 or word & 0xFEFFF000 == 0xD63F0000 or word & 0xFEFFF800 == 0xD63F0800
    if code[-5:-4] == b"\xe8":  # call rel32
        return True
    # call r/m64: opcode ff, whose next byte has 2 in its middle; 2 to 7 bytes with displacement and SIB byte
    places = range(max(0, len(code) - 7), len(code) - 1)
    return any(code[at] == 0xFF and code[at + 1] >> 3 & 7 == 2 for at in places)
