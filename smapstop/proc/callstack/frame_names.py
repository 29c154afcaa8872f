"""Name the addresses of call stacks: by symbols, by perf maps, by rules for the kernel's own code."""

import re

from smapstop.proc.callstack.code_file import CodeFile, SourcePlace
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.callstack.process_code import ProcessCode
from smapstop.proc.callstack.source_lines import WorkBudget
from smapstop.proc.elf.demangler import Demangler

SIGNAL_HANDLER_CALLED = "<signal handler called>"
"""Names the frame by which the kernel lets a signal handler return, as gdb does."""
_COLD = re.compile(r"\.cold(\.\d+)?$")
"""Marks the part of a function that is rarely run, which compilers put elsewhere."""
_MAX_FRAMES = 200_000
"""Addresses whose frame is remembered."""


class FrameNames:
    """Names of the code of one process, remembered by address."""

    def __init__(self, code: ProcessCode) -> None:
        self._code = code
        self._version = code.version
        self._demangler = Demangler()
        self._work = WorkBudget()
        self._frames: dict[int, tuple[Frame, ...]] = {}
        """Innermost first: those of inlined functions, and the one of the function that they are part of."""
        self._pending: dict[int, None] = {}
        """Addresses whose source line takes more time than a tick has."""

    @property
    def is_complete(self) -> bool:
        """Whether no source line is missing that a later tick may find."""
        return not self._pending

    def begin_tick(self) -> None:
        """Find source lines that took too long in the last tick."""
        self._work.begin_tick()
        self._forget_if_changed()
        found = dict[int, tuple[Frame, ...]]()
        for address in tuple(self._pending):
            if not self._work:
                break
            found[address] = self._with_source(address, self._frames[address][-1])
        if found:
            self._store(found)

    def _forget_if_changed(self) -> None:
        """Forget what was concluded from an older map."""
        if self._version != self._code.version or len(self._frames) > _MAX_FRAMES:
            self._version = self._code.version
            self._frames.clear()
            self._pending.clear()

    def frames(self, addresses: tuple[int, ...]) -> tuple[Frame, ...]:
        """Name the addresses of a `CallStack`; inlined functions have frames of their own. Never raises."""
        self._forget_if_changed()
        known = self._frames
        missing = [address for address in addresses if address not in known]
        if missing:
            self._look_up(missing)
        return tuple([frame for address in addresses for frame in known[address]])

    def _look_up(self, addresses: list[int]) -> None:
        """Name addresses that were not seen before."""
        self._store({address: self._with_source(address, self._name(address)) for address in addresses})

    def _store(self, found: dict[int, tuple[Frame, ...]]) -> None:
        """Store frames, demangled."""
        plain = self._demangler.demangle(frame.name for frames in found.values() for frame in frames if frame.name)
        for address, frames in found.items():
            self._frames[address] = tuple(
                [frame._replace(name=plain[frame.name]) if frame.name else frame for frame in frames]
            )

    def _with_source(self, address: int, function: Frame) -> tuple[Frame, ...]:
        """Add source line and inlined functions to the function at an address, now or in a later tick."""
        self._pending.pop(address, None)
        place = self._code.find(address)
        if place is None or place.file is None or place.address is None:
            return (function,)
        try:
            source = place.file.source_at(place.address, self._work)
        except BlockingIOError:
            self._pending[address] = None
            return (function,)
        if source is None:
            return (function,)
        return _frames_at(source, function)

    def _name(self, address: int) -> Frame:
        """Name an address, not demangled."""
        place = self._code.find(address)
        if place is None:
            return Frame(None, "", address)
        if place.file is not None and place.address is not None:
            return _name_in_file(place.mapping.name, place.file, place.address)
        if not place.is_of_file and (entry := self._code.perf_map.find(address)):
            return Frame(entry.name, "", address - entry.start)
        return Frame(None, place.mapping.name, address - place.mapping.start + place.mapping.offset)


def _name_in_file(path: str, file: CodeFile, address: int) -> Frame:
    """Name an address of a file."""
    function = file.function_at(address)
    if function is not None:
        name, start = function
        return Frame(_COLD.sub("", name), path, address - start)
    rule = file.rule_at(address)
    return Frame(SIGNAL_HANDLER_CALLED if rule is not None and rule.is_signal else None, path, address)


def _frames_at(place: SourcePlace, function: Frame) -> tuple[Frame, ...]:
    """Frames of a function and those inlined into it, innermost first; each has its own line."""
    frames, line = list[Frame](), place.line
    for call in place.inlined:
        frames.append(Frame(call.name, function.file, function.offset, line, inlined=True))
        line = call.source
    return (*frames, function._replace(source=line))
