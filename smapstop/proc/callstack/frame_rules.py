"""Run the programs of call frame information: how the caller's registers are found at an address (DWARF 5, 6.4)."""

from collections.abc import Callable
from enum import Enum, auto

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.callstack.cursor import Cursor

_MAX_REMEMBERED = 64
"""Depth of DW_CFA_remember_state beyond which a program is malformed."""


class SavedAs(Enum):
    """Ways to find the caller's value of a register."""

    UNDEFINED = auto()
    OFFSET = auto()
    """It is saved at the CFA plus the operand: the usual way."""
    CFA_PLUS = auto()
    """It is the CFA plus the operand."""
    REGISTER = auto()
    """It is in the register whose number is the operand."""
    EXPRESSION = auto()
    """It is saved at the address that the expression gives."""
    VALUE_EXPRESSION = auto()
    """It is what the expression gives."""


Place = tuple[SavedAs, int | bytes]
"""How a register is found, and the operand."""


@dataclass(frozen=True, slots=True)
class FrameRule:
    """How to get from a frame to its caller's, at one address. The CFA is the caller's stack pointer at its call."""

    cfa_register: int
    """The CFA is this register plus `cfa_offset`, unless there is a `cfa_expression`."""
    cfa_offset: int
    saved: tuple[tuple[int, int], ...]
    """Registers that are saved in the usual way, and at which offset from the CFA."""
    return_register: int
    """The register whose value in the caller's frame is the return address."""
    others: tuple[tuple[int, SavedAs, int | bytes], ...] = ()
    """Registers that are found in another way, and the operand."""
    cfa_expression: bytes | None = None
    is_signal: bool = False
    """Whether the caller was interrupted: its address is not behind a call, but of the next instruction."""
    is_outermost: bool = False
    """Whether there is no caller."""
    is_guess: bool = False
    """Whether no table says it, so that what it leads to must be plausible."""


UNKNOWN_CALLER = FrameRule(0, 0, (), 0, cfa_expression=b"")
"""Rule where the caller is on another stack: an expression that has no result."""


@dataclass(frozen=True, slots=True)
class CommonInformation:
    """What the FDEs of a CIE have in common."""

    code_factor: int
    data_factor: int
    return_register: int
    program: bytes
    pointer_encoding: int
    has_augmentation: bool
    is_signal: bool


def find_rule(
    common: CommonInformation, program: bytes, start: int, address: int, register_count: int
) -> FrameRule | None:
    """Return the rule at an address of a function; `None` if its program does not say how to find the CFA.

    Args:
        common: Its CIE.
        program: Program of its FDE.
        start: Address of the function.
        address: The address in it.
        register_count: Number of registers that are known; rules of others are left out.

    Raises:
        ValueError: A program is malformed.
    """
    row = _Row(common, start, address)
    row.run(common.program)
    row.initial = dict(row.places)
    row.run(program)
    return row.rule(register_count)


class _Row:
    """The row for an address, while programs lead to it."""

    def __init__(self, common: CommonInformation, start: int, address: int) -> None:
        self.common = common
        self.location = start
        self.address = address
        self.cfa: tuple[int, int] | bytes | None = None
        self.places: dict[int, Place] = {}
        self.initial: dict[int, Place] = {}
        self.remembered: list[tuple[tuple[int, int] | bytes | None, dict[int, Place]]] = []

    def run(self, program: bytes) -> None:
        """Run a program up to the address.

        Raises:
            ValueError: It is malformed.
        """
        at = Cursor(program)
        while at and self.location <= self.address:
            code = at.byte()
            if code < 0x40:
                if code not in _INSTRUCTIONS:
                    raise ValueError("an instruction that is not known")
                _INSTRUCTIONS[code](self, at)
            elif code < 0x80:  # advance_loc
                self.location += (code & 0x3F) * self.common.code_factor
            elif code < 0xC0:  # offset
                self.places[code & 0x3F] = SavedAs.OFFSET, at.uleb() * self.common.data_factor
            else:
                self.restore(code & 0x3F)

    def rule(self, register_count: int) -> FrameRule | None:
        """Return the rule of the row."""
        back, is_expression = self.common.return_register, isinstance(self.cfa, bytes)
        cfa_register, cfa_offset = (0, 0) if self.cfa is None or isinstance(self.cfa, bytes) else self.cfa
        if self.cfa is None or max(cfa_register, back) >= register_count:
            return None
        if back == register_count - 1 and back not in self.places:
            return None  # the program counter itself, which never has its caller's value
        known = [(number, *place) for number, place in self.places.items() if number < register_count]
        return FrameRule(
            cfa_register,
            cfa_offset,
            tuple((number, at) for number, how, at in known if how is SavedAs.OFFSET and isinstance(at, int)),
            back,
            tuple(place for place in known if place[1] not in (SavedAs.OFFSET, SavedAs.UNDEFINED)),
            self.cfa if is_expression and isinstance(self.cfa, bytes) else None,
            self.common.is_signal,
            self.places.get(back, (None,))[0] is SavedAs.UNDEFINED,
        )

    def advance(self, at: Cursor, size: int) -> None:
        """Go to a later location."""
        self.location += at.unsigned(size) * self.common.code_factor

    def save(self, register: int, how: SavedAs, operand: int | bytes = 0) -> None:
        """Set the place of a register."""
        self.places[register] = how, operand

    def set_same_value(self, register: int) -> None:
        """A register has its caller's value."""
        self.places.pop(register, None)

    def restore(self, register: int) -> None:
        """A register is where it was after the program of the CIE."""
        self.set_same_value(register)
        if register in self.initial:
            self.places[register] = self.initial[register]

    def remember(self) -> None:
        """Keep the row for a later `recall`."""
        if len(self.remembered) >= _MAX_REMEMBERED:
            raise ValueError("too many rows are remembered")
        self.remembered.append((self.cfa, dict(self.places)))

    def recall(self) -> None:
        """Return to the row of the last `remember`."""
        if not self.remembered:
            raise ValueError("no row is remembered")
        self.cfa, self.places = self.remembered.pop()

    def set_cfa(self, register: int | None, offset: int | None) -> None:
        """Set register or offset of the CFA, or both."""
        if register is None or offset is None:
            if self.cfa is None or isinstance(self.cfa, bytes):
                raise ValueError("one half of a CFA")
            register = self.cfa[0] if register is None else register
            offset = self.cfa[1] if offset is None else offset
        self.cfa = register, offset

    def set_cfa_expression(self, expression: bytes) -> None:
        """Let an expression give the CFA."""
        self.cfa = expression


def _scaled(row: _Row, number: int) -> int:
    return number * row.common.data_factor


_Instruction = Callable[[_Row, Cursor], None]
_INSTRUCTIONS: dict[int, _Instruction] = {
    0x00: lambda _, __: None,  # nop
    0x02: lambda row, at: row.advance(at, 1),
    0x03: lambda row, at: row.advance(at, 2),
    0x04: lambda row, at: row.advance(at, 4),
    0x05: lambda row, at: row.save(at.uleb(), SavedAs.OFFSET, _scaled(row, at.uleb())),  # offset_extended
    0x06: lambda row, at: row.restore(at.uleb()),
    0x07: lambda row, at: row.save(at.uleb(), SavedAs.UNDEFINED),
    0x08: lambda row, at: row.set_same_value(at.uleb()),  # same_value
    0x09: lambda row, at: row.save(at.uleb(), SavedAs.REGISTER, at.uleb()),
    0x0A: lambda row, _: row.remember(),
    0x0B: lambda row, _: row.recall(),
    0x0C: lambda row, at: row.set_cfa(at.uleb(), at.uleb()),
    0x0D: lambda row, at: row.set_cfa(at.uleb(), None),
    0x0E: lambda row, at: row.set_cfa(None, at.uleb()),
    0x0F: lambda row, at: row.set_cfa_expression(at.take(at.uleb())),
    0x10: lambda row, at: row.save(at.uleb(), SavedAs.EXPRESSION, at.take(at.uleb())),
    0x11: lambda row, at: row.save(at.uleb(), SavedAs.OFFSET, _scaled(row, at.sleb())),  # offset_extended_sf
    0x12: lambda row, at: row.set_cfa(at.uleb(), _scaled(row, at.sleb())),
    0x13: lambda row, at: row.set_cfa(None, _scaled(row, at.sleb())),
    0x14: lambda row, at: row.save(at.uleb(), SavedAs.CFA_PLUS, _scaled(row, at.uleb())),
    0x15: lambda row, at: row.save(at.uleb(), SavedAs.CFA_PLUS, _scaled(row, at.sleb())),
    0x16: lambda row, at: row.save(at.uleb(), SavedAs.VALUE_EXPRESSION, at.take(at.uleb())),
    0x2D: lambda _, __: None,  # GNU_window_save; on aarch64 that return addresses are signed from here on
    0x2E: lambda _, at: at.skip_uleb(),
    0x2F: lambda row, at: row.save(at.uleb(), SavedAs.OFFSET, -_scaled(row, at.uleb())),
}
"""What an instruction below 0x40 does to the row (DW_CFA_*); set_loc (0x01), which no compiler writes, is none."""
