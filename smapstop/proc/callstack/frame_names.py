"""Name the addresses of call stacks: by symbols, by perf maps, by what is known of the kernel's own code."""

from smapstop.proc.callstack.code_file import CodeFile
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.callstack.process_code import ProcessCode
from smapstop.proc.elf.demangler import Demangler

SIGNAL_HANDLER_CALLED = "<signal handler called>"
"""Names the frame by which the kernel lets a signal handler return, as gdb does."""
_MAX_FRAMES = 200_000
"""Addresses whose frame is remembered."""


class FrameNames:
    """Names of the code of one process, remembered by address."""

    def __init__(self, code: ProcessCode) -> None:
        self._code = code
        self._version = code.version
        self._demangler = Demangler()
        self._frames: dict[int, Frame] = {}

    def frames(self, addresses: tuple[int, ...]) -> tuple[Frame, ...]:
        """Name the addresses of a `CallStack`. Never raises."""
        if self._version != self._code.version or len(self._frames) > _MAX_FRAMES:
            self._version = self._code.version
            self._frames.clear()
        known = self._frames
        missing = [address for address in addresses if address not in known]
        if missing:
            self._look_up(missing)
        return tuple([known[address] for address in addresses])

    def _look_up(self, addresses: list[int]) -> None:
        """Name addresses that were not seen before."""
        found = {address: self._name(address) for address in addresses}
        plain = self._demangler.demangle(frame.name for frame in found.values() if frame.name)
        for address, frame in found.items():
            self._frames[address] = frame._replace(name=plain[frame.name]) if frame.name else frame

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
    function = file.functions.find(address)
    if function is not None:
        name, start = function
        return Frame(name, path, address - start)
    rule = file.rule_at(address)
    return Frame(SIGNAL_HANDLER_CALLED if rule is not None and rule.is_signal else None, path, address)
