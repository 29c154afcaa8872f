"""Read the callers in sampled stacks. Samples contain memory of the target: only addresses are retained."""

import time
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from smapstop.model.callers.call_stacks import BEYOND, IN_SYSTEM_CALL, NO_STACK, CallStacks
from smapstop.proc.callstack.code_map import CodeMapping
from smapstop.proc.callstack.fault_records import KERNEL_IP, StackSample
from smapstop.proc.callstack.frame_names import FrameNames
from smapstop.proc.callstack.process_code import ProcessCode
from smapstop.proc.callstack.registers import Architecture
from smapstop.proc.callstack.unwind import CallStack, Unwinder
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir

_MAX_KNOWN = 50_000
_MAX_CODE_PER_TICK = 2_000
"""Addresses that are named at a tick without a stack."""
_LOOK_NS = 100_000_000
"""Time between two looks at what code is mapped."""


class StackReader:
    """Finds the stacks of samples in a growing table of them.

    Args:
        process: The process.
        architecture: Of this machine.
        elves: Cache of symbol tables.
    """

    def __init__(self, process: ProcDir, architecture: Architecture, elves: ElfCache) -> None:
        self.stacks = CallStacks()
        self._code = ProcessCode(process, architecture, elves)
        self._unwinder = Unwinder(self._code)
        self._names = FrameNames(self._code)
        self._unwound: dict[CallStack, CallStack] = {}
        """Stacks of this tick, each once."""
        self._stack_ids: dict[CallStack, int] = {}
        """Ids of stacks, of one version of the code."""
        self._version = 0
        self._has_new_code = True
        self._looked_ns = 0
        self._code_left = _MAX_CODE_PER_TICK

    def close(self) -> None:
        """Close the files."""
        self._code.close()

    def begin_tick(self) -> None:
        """Forget the stacks of the last tick, and allow some more code to be named."""
        self._unwound.clear()
        self._names.begin_tick()
        self._code_left = _MAX_CODE_PER_TICK
        had_all_lines = self._names.is_complete
        self._names.begin_tick()
        if self._names.is_complete and not had_all_lines:
            self._stack_ids.clear()  # their source lines are known by now

    def look_for_code(self, new: Sequence[CodeMapping]) -> None:
        """Look at what code is mapped, unless that was a moment ago.

        Args:
            new: What was mapped since the last call.
        """
        self._code.add_mappings(new)
        self._has_new_code |= bool(new)
        now_ns = time.monotonic_ns()
        if now_ns - self._looked_ns >= _LOOK_NS:
            self._code.begin_tick(is_changed=self._has_new_code)
            self._has_new_code, self._looked_ns = False, now_ns

    def unwind(self, sample: StackSample) -> CallStack:
        """Return the addresses of a sampled stack; quick, so that the rings do not overflow meanwhile."""
        called = self._unwinder.unwind(sample.registers, sample.stack)
        return self._unwound.setdefault(called, called)

    def look_up(self, stacks: Iterable[CallStack], code: Iterable[int]) -> None:
        """Look up the names for stacks and for addresses of code together, which is quicker than one by one."""
        self._forget_if_changed()
        new = (called.addresses for called in stacks if called not in self._stack_ids)
        self._names.frames(tuple(dict.fromkeys(chain(islice(code, self._code_left), *new))))

    def _forget_if_changed(self) -> None:
        """Forget what was concluded from an older map."""
        if self._version != self._code.version or len(self._stack_ids) > _MAX_KNOWN:
            self._version = self._code.version
            self._stack_ids.clear()

    def name(self, called: CallStack) -> int:
        """Return the stack of these addresses, named; `NO_STACK` if nothing is known of it."""
        self._forget_if_changed()
        stack = self._stack_ids.get(called)
        if stack is None:
            frames = self._names.frames(called.addresses)
            stack = self.stacks.intern((*frames, BEYOND) if frames and called.is_cut else frames)
            if self._names.is_complete:  # else its source lines may be found at a later tick
                self._stack_ids[called] = stack
        return stack

    def name_code(self, ip: int) -> int:
        """Return a stack for an address of code (see `FaultColumns`) whose callers are not known."""
        if ip == KERNEL_IP:
            return self.stacks.intern((IN_SYSTEM_CALL, BEYOND))
        self._code_left -= 1
        return self.name(CallStack((ip,), True)) if self._code_left >= 0 else NO_STACK
