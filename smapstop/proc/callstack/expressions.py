"""Evaluate the DWARF expressions that unwinding meets: PLT stubs, signal frames, realigned stacks (DWARF 5, 2.5)."""

import operator
from collections.abc import Callable, Sequence

from smapstop.proc.callstack.cursor import Cursor

_MASK = 2**64 - 1
_MAX_DEPTH = 64
"""More values on the stack of an expression than any compiler leaves there."""
_MAX_OPERATIONS = 256

_BINARY: dict[int, Callable[[int, int], int]] = {
    0x1A: operator.and_,
    0x1C: operator.sub,
    0x1E: operator.mul,
    0x21: operator.or_,
    0x22: operator.add,
    0x24: lambda left, right: left << min(right, 64),
    0x25: lambda left, right: left >> min(right, 64),
    0x26: lambda left, right: _as_signed(left) >> min(right, 64),
    0x27: operator.xor,
    0x29: lambda left, right: left == right,
    0x2A: lambda left, right: _as_signed(left) >= _as_signed(right),
    0x2B: lambda left, right: _as_signed(left) > _as_signed(right),
    0x2C: lambda left, right: _as_signed(left) <= _as_signed(right),
    0x2D: lambda left, right: _as_signed(left) < _as_signed(right),
    0x2E: lambda left, right: left != right,
}
_CONSTANT_BYTES = {0x08: 1, 0x0A: 2, 0x0C: 4, 0x0E: 8}
"""DW_OP_const1u …; the signed one has the next number."""


def evaluate(
    expression: bytes, registers: Sequence[int], load: Callable[[int], int], begin_with: int | None = None
) -> int:
    """Evaluate an expression.

    Args:
        expression: Its operations.
        registers: Values of the registers, by DWARF number.
        load: Returns the word at an address, or raises `ValueError` if it is not known.
        begin_with: First value on the stack of the expression: the CFA for rules of registers.

    Raises:
        ValueError: It cannot be evaluated.
    """
    stack = [] if begin_with is None else [begin_with]
    at = Cursor(expression)
    for _ in range(_MAX_OPERATIONS):
        if not at:
            break
        _run(at.byte(), at, stack, registers, load)
        if len(stack) > _MAX_DEPTH:
            raise ValueError("the expression's stack is too deep")
    if at or not stack:
        raise ValueError("the expression has no result")
    return stack[-1] & _MASK


def _run(operation: int, at: Cursor, stack: list[int], registers: Sequence[int], load: Callable[[int], int]) -> None:
    """Run one operation."""
    if 0x30 <= operation < 0x50:  # lit0 …
        stack.append(operation - 0x30)
    elif 0x70 <= operation < 0x90:  # breg0 …
        stack.append(_register(registers, operation - 0x70) + at.sleb())
    elif operation in _BINARY:
        right, left = _pop(stack), _pop(stack)
        stack.append(int(_BINARY[operation](left, right)) & _MASK)
    elif operation & ~1 in _CONSTANT_BYTES:
        size = _CONSTANT_BYTES[operation & ~1]
        stack.append((at.signed(size) if operation & 1 else at.unsigned(size)) & _MASK)
    else:
        _run_rare(operation, at, stack, registers, load)


def _run_rare(
    operation: int, at: Cursor, stack: list[int], registers: Sequence[int], load: Callable[[int], int]
) -> None:
    """Run an operation that has its own way with its operands."""
    match operation:
        case 0x06:  # deref
            stack.append(load(_pop(stack) & _MASK))
        case 0x10:  # constu
            stack.append(at.uleb())
        case 0x11:  # consts
            stack.append(at.sleb() & _MASK)
        case 0x12:  # dup
            stack += [_pop(stack)] * 2
        case 0x13:  # drop
            _pop(stack)
        case 0x16:  # swap
            stack += [_pop(stack), _pop(stack)]
        case 0x23:  # plus_uconst
            stack.append((_pop(stack) + at.uleb()) & _MASK)
        case 0x92:  # bregx
            stack.append(_register(registers, at.uleb()) + at.sleb())
        case 0x96:  # nop
            pass
        case _:
            raise ValueError("an operation that frames do not need")


def _pop(stack: list[int]) -> int:
    if not stack:
        raise ValueError("the expression's stack is empty")
    return stack.pop()


def _register(registers: Sequence[int], number: int) -> int:
    if number >= len(registers):
        raise ValueError("a register that is not sampled")
    return registers[number]


def _as_signed(value: int) -> int:
    """Take the lower 64 bits of a value as a signed number."""
    value &= _MASK
    return value - 2**64 if value >> 63 else value
