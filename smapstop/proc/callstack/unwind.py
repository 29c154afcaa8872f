"""Unwind sampled stacks: from the registers at a page fault to the addresses of all callers.

By the tables that compilers write for exceptions (.eh_frame), which need no frame pointers; where there is none, as
for Go and for code written at run time, by frame pointers if what they lead to is plausible.
"""

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.callstack.expressions import evaluate
from smapstop.proc.callstack.frame_rules import FrameRule, SavedAs
from smapstop.proc.callstack.guessed_rules import (
    LEAF_RULE,
    TRAMPOLINE_PREFIX,
    call_target,
    follows_call,
    frame_pointer_rule,
    is_stub,
    trampoline_rule,
)
from smapstop.proc.callstack.process_code import CodePlace, ProcessCode
from smapstop.proc.callstack.registers import X86_64, Architecture

MAX_FRAMES = 256
_MAX_RULES = 100_000
"""Addresses whose rule is remembered."""
_CALL_BYTES = 8
"""No call instruction is longer."""
_MAX_LEAF_BYTES = 4096
"""Functions without a frame and without a symbol are not longer."""


@dataclass(frozen=True, slots=True)
class CallStack:
    """Addresses of code, of which each was called by the next.

    The address of a caller is the one before that to which its call returns, which may already be of another line or
    function. What was interrupted by a signal is where it was interrupted.
    """

    addresses: tuple[int, ...]
    """Innermost first."""
    is_cut: bool
    """Whether the last one has a caller that is not known."""


class Unwinder:
    """Unwinds stacks of one process, and remembers the rule at each address."""

    def __init__(self, code: ProcessCode) -> None:
        self._code = code
        self._architecture = code.architecture
        self._frame_pointer_rule = frame_pointer_rule(code.architecture)
        self._version = code.version
        self._rules: dict[int, FrameRule] = {}

    def unwind(self, registers: tuple[int, ...], stack: bytes | memoryview) -> CallStack:
        """Return the callers. Never raises, whatever the stack and the files hold.

        Args:
            registers: As perf samples them, see `Architecture`.
            stack: The stack from the stack pointer on, as far as it was sampled.
        """
        try:
            frame = _Frame(self._architecture, registers, stack)
        except IndexError:
            return CallStack((), True)
        if self._version != self._code.version:
            self._forget()
        addresses = list[int]()
        try:
            while len(addresses) < MAX_FRAMES:
                rule = self._rules.get(frame.address) or self._find_rule(frame.address)
                if rule is None and addresses:
                    break  # it returns to what is not code
                addresses.append(frame.address)
                if rule is None:
                    break
                if rule.is_outermost or (rule.is_guess and self._is_start_of_thread(frame)):
                    return CallStack(tuple(addresses), False)
                if rule.is_guess and frame.is_interrupted and self._is_leaf(frame):
                    rule = LEAF_RULE
                frame.step(rule)
                if not frame.pc:
                    return CallStack(tuple(addresses), False)
                if rule.is_guess and not self._may_return_to(frame.pc):
                    break
        except (ValueError, IndexError):
            pass  # it goes on beyond what was sampled
        return CallStack(tuple(addresses), True)

    def _find_rule(self, address: int) -> FrameRule | None:
        """Return the rule at an address and remember it; `None` if there is no code."""
        place = self._code.find(address)
        if place is None:
            return None
        if self._version != self._code.version or len(self._rules) >= _MAX_RULES:
            self._forget()
        rule = self._rules[address] = self._rule_of(place, address)
        return rule

    def _forget(self) -> None:
        self._version = self._code.version
        self._rules.clear()

    def _rule_of(self, place: CodePlace, address: int) -> FrameRule:
        """Return the rule at a place: from its table, or else a guess."""
        if place.file is not None:
            rule = place.file.rule_at(place.address) if place.address is not None else None
            return rule or self._frame_pointer_rule
        entry = self._code.perf_map.find(address)
        if entry is not None and entry.name.startswith(TRAMPOLINE_PREFIX):
            return trampoline_rule(self._architecture, address - entry.start) or self._frame_pointer_rule
        return self._frame_pointer_rule

    def _is_start_of_thread(self, frame: "_Frame") -> bool:
        """Whether a frame without a table has no caller: the frame pointer of the first function is 0, by the ABI."""
        if frame.registers[self._architecture.frame_pointer]:
            return False
        place = self._code.find(frame.address)
        return place is not None and place.file is not None

    def _is_leaf(self, frame: "_Frame") -> bool:
        """Whether the innermost function has no frame: what would be its return address follows a call of it."""
        place, pc = self._code.find(frame.address), frame.top()
        caller = self._code.find(pc - 1) if pc is not None else None
        if place is None or place.file is None or place.address is None or caller is None or caller.file is None:
            return False
        if pc is None or caller.address is None or self._architecture != X86_64:
            return False
        code = caller.file.read_code(caller.address + 1 - _CALL_BYTES, _CALL_BYTES)
        target = call_target(code, caller.address + 1)
        if target is None:
            return False
        function = place.file.function_at(place.address)
        is_start = function[1] == target if function else 0 <= place.address - target < _MAX_LEAF_BYTES
        return (place.file is caller.file and is_start) or is_stub(caller.file.read_code(target, _CALL_BYTES))

    def _may_return_to(self, pc: int) -> bool:
        """Whether a call may return to an address: the instruction before it, if it can be read, is a call."""
        place = self._code.find(pc - 1)
        if place is None or place.file is None or place.address is None:
            return place is not None
        code = place.file.read_code(place.address + 1 - _CALL_BYTES, _CALL_BYTES)
        return follows_call(self._architecture, code)


class _Frame:
    """The registers of a frame, while they become those of its callers."""

    __slots__ = ("_base", "_mask", "_stack_pointer", "_words", "address", "is_interrupted", "pc", "registers")

    def __init__(self, architecture: Architecture, registers: tuple[int, ...], stack: bytes | memoryview) -> None:
        self.registers = architecture.in_dwarf_order(registers)
        self.pc = self.address = self.registers[-1]
        self._mask = architecture.address_mask
        self._stack_pointer = architecture.stack_pointer
        self._base = self.registers[self._stack_pointer]
        self._words = memoryview(stack)[: len(stack) & -8].cast("Q")
        self.is_interrupted = True

    def step(self, rule: FrameRule) -> None:
        """Go to the caller.

        Raises:
            ValueError, IndexError: Its registers are not in the sampled stack, or it is none.
        """
        registers, words = self.registers, self._words
        if rule.cfa_expression is None:
            cfa = registers[rule.cfa_register] + rule.cfa_offset
        else:
            cfa = evaluate(rule.cfa_expression, registers, self._load)
        if cfa <= registers[self._stack_pointer] and not self.is_interrupted:
            raise ValueError("the stack does not grow")
        others = [(number, self._value(how, operand, cfa)) for number, how, operand in rule.others]
        at = cfa - self._base
        for number, offset in rule.saved:
            place = at + offset >> 3
            if place < 0:
                raise ValueError("below what was sampled")
            registers[number] = words[place]
        registers[self._stack_pointer] = cfa
        for number, value in others:
            registers[number] = value
        self.pc = registers[rule.return_register] & self._mask
        self.address = self.pc if rule.is_signal else self.pc - 1
        self.is_interrupted = rule.is_signal

    def top(self) -> int | None:
        """Return the word on top of the stack; `None` if it was not sampled."""
        place = self.registers[self._stack_pointer] - self._base >> 3
        return self._words[place] if 0 <= place < len(self._words) else None

    def _value(self, how: SavedAs, operand: int | bytes, cfa: int) -> int:
        """Return the caller's value of a register that is found in another way than most."""
        if isinstance(operand, bytes):
            value = evaluate(operand, self.registers, self._load, cfa)
            return self._load(value) if how is SavedAs.EXPRESSION else value
        return cfa + operand if how is SavedAs.CFA_PLUS else self.registers[operand]

    def _load(self, address: int) -> int:
        """Return a word of the sampled stack."""
        place = address - self._base >> 3
        if place < 0 or address & 7:
            raise ValueError("not in what was sampled")
        return self._words[place]
