"""Find the frame rule at an address in .eh_frame, by the table of .eh_frame_hdr as it lies in the file (LSB 5, 10.6).

Nothing is parsed ahead: the sorted table is searched by reading some of its entries, and one FDE and its CIE are
decoded when an address is first asked for. All of it is read with pread, since a mapped file that shrinks would end
this process with SIGBUS. pyelftools parses the whole section first: 190 ms for 3,000 functions; here the first rule
takes 0.5 ms, each further one 26 µs.
"""

import os
import struct
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from smapstop.proc.callstack.cursor import Cursor
from smapstop.proc.callstack.frame_rules import CommonInformation, FrameRule, find_rule
from smapstop.proc.elf.elf_file import ElfSegment
from smapstop.proc.elf.program_headers import ProgramHeaders

MAX_SCANNED_BYTES = 4 << 20
"""Size above which an .eh_frame without a table is not used; so much takes 0.2 s."""
_MAX_RECORD_BYTES = 1 << 20
"""Length above which an FDE or a CIE is malformed; one function's is rarely above 1,000."""
_READ_BYTES = 512
"""Bytes of a record that are read before its length is known."""
_MAX_CACHED_CIES = 1_000
_ENTRY = struct.Struct("<ii")

_HEADER_VERSION = 1
_UDATA4, _SDATA4 = 0x03, 0x0B
_DATA_RELATIVE, _PC_RELATIVE = 0x30, 0x10
_OMITTED = 0xFF
_POINTER_BYTES = {0x00: 8, 0x02: 2, 0x03: 4, 0x04: 8, 0x0A: 2, 0x0B: 4, 0x0C: 8}
"""Sizes of encoded pointers by the lower half of their encoding: DW_EH_PE_udata2 …; 8 and above are signed."""


class _Fde(NamedTuple):
    """An FDE: the rules of a function."""

    start: int
    end: int
    common: CommonInformation
    program: bytes


class EhFrame:
    """Frame rules of one file. Addresses are as if the file were loaded at 0.

    Args:
        fd: The file, which must stay open.
        headers: Its program headers.
        section: Returns address and size of .eh_frame, (0, 0) for none; called only if there is no table.
        register_count: Number of registers that are known; see `find_rule`.
    """

    def __init__(
        self, fd: int, headers: ProgramHeaders, section: Callable[[], tuple[int, int]], register_count: int
    ) -> None:
        self._fd = fd
        self._segments = headers.segments
        self._register_count = register_count
        self._common: dict[int, CommonInformation] = {}
        self._table = _find_table(fd, headers.frame_table)
        self._scanned = [] if self._table else self._scan(*section())

    def __bool__(self) -> bool:
        """Whether there are any rules."""
        return bool(self._table or self._scanned)

    def find(self, address: int) -> FrameRule | None:
        """Return the rule at an address; `None` if there is none, or if what stands there is damaged."""
        try:
            at = self._find_fde(address)
            fde = None if at is None else self._read_fde(at)
            if fde is None or not fde.start <= address < fde.end:
                return None
            return find_rule(fde.common, fde.program, fde.start, address, self._register_count)
        except (OSError, ValueError, OverflowError):
            return None

    def _find_fde(self, address: int) -> int | None:
        """Return the address of the FDE that may have an address."""
        if self._table is None:
            place = bisect_right(self._scanned, (address, 2**64)) - 1
            return self._scanned[place][1] if place >= 0 else None
        base, first, count = self._table

        def entry(number: int) -> tuple[int, int]:
            start, fde = _ENTRY.unpack(os.pread(self._fd, _ENTRY.size, first + number * _ENTRY.size))
            return base + start, base + fde

        try:
            place = bisect_right(range(count), address, key=lambda number: entry(number)[0]) - 1
            return entry(place)[1] if place >= 0 else None
        except struct.error as error:
            raise ValueError("the table ends early") from error

    def _read_fde(self, address: int) -> _Fde | None:
        """Read an FDE; `None` if there is a CIE or the end of the section instead.

        Raises:
            OSError, ValueError: It cannot be read, or is malformed.
        """
        record = self._read_record(address)
        at = Cursor(record.content)
        back = at.unsigned(4)
        if not back:
            return None
        common = self._read_common(record.address - back)
        start = _read_pointer(at, common.pointer_encoding, record.address)
        size = _read_pointer(at, common.pointer_encoding & 0x0F)
        if common.has_augmentation:
            at.take(at.uleb())
        return _Fde(start, start + size, common, at.rest())

    def _read_common(self, address: int) -> CommonInformation:
        """Read a CIE, once."""
        if address not in self._common:
            if len(self._common) >= _MAX_CACHED_CIES:
                self._common.clear()
            self._common[address] = _parse_common(self._read_record(address).content)
        return self._common[address]

    def _read_record(self, address: int) -> "_Record":
        """Read a record at an address."""
        offset = _file_offset(self._segments, address)
        raw = os.pread(self._fd, _READ_BYTES, offset)
        head = 4
        length = Cursor(raw).unsigned(4)
        if length == 0xFFFFFFFF:
            head, length = 12, Cursor(raw, 4).unsigned(8)
        if length > _MAX_RECORD_BYTES:
            raise ValueError("a record is too long")
        if head + length > len(raw):
            raw = os.pread(self._fd, head + length, offset)
        return _Record(address + head, Cursor(raw, head).take(length))

    def _scan(self, address: int, size: int) -> list[tuple[int, int]]:
        """List start and FDE of every function of an .eh_frame, in order."""
        found = list[tuple[int, int]]()
        if not 0 < size <= MAX_SCANNED_BYTES:
            return found
        with suppress(OSError, ValueError, OverflowError):  # what comes before damage is as good as ever
            content = os.pread(self._fd, size, _file_offset(self._segments, address))
            at = Cursor(content)
            while at and (length := at.unsigned(4)):
                begin, record = at.at, Cursor(content, at.at, at.at + length)
                if back := record.unsigned(4):
                    encoding = self._read_common(address + begin - back).pointer_encoding
                    found.append((_read_pointer(record, encoding, address), address + begin - 4))
                at.take(length)
        return sorted(found)


class _Record(NamedTuple):
    """A CIE or an FDE."""

    address: int
    """Address of what follows its length: to this, an FDE's pointer to its CIE is relative."""
    content: bytes


def _find_table(fd: int, segment: ElfSegment | None) -> tuple[int, int, int] | None:
    """Return the address that the table's entries are relative to, its file offset, and its length; or `None`.

    Only what all linkers write is read: pairs of 4 bytes, relative to the start of .eh_frame_hdr.
    """
    if segment is None:
        return None
    try:
        head = Cursor(os.pread(fd, 64, segment.offset))
        version, frame, count, entries = head.take(4)
        if (version, count, entries) != (_HEADER_VERSION, _UDATA4, _DATA_RELATIVE | _SDATA4) or frame == _OMITTED:
            return None
        _read_pointer(head, frame & 0x0F)
        length = head.unsigned(4)
        return segment.address, segment.offset + head.at, length
    except (OSError, ValueError, OverflowError):
        return None


def _parse_common(content: bytes) -> CommonInformation:
    """Parse a CIE.

    Raises:
        ValueError: It is malformed, or of an unknown kind.
    """
    at = Cursor(content)
    if at.unsigned(4):
        raise ValueError("not a CIE")
    version, augmentation = at.byte(), at.text()
    if version not in (1, 3, 4) or (augmentation and not augmentation.startswith(b"z")):
        raise ValueError("a CIE of an unknown kind")
    if version == 4 and tuple(at.take(2)) != (8, 0):
        raise ValueError("addresses of another size")
    code_factor, data_factor = at.uleb(), at.sleb()
    return_register = at.byte() if version == 1 else at.uleb()
    encoding = 0
    if augmentation:
        data = Cursor(at.take(at.uleb()))
        for letter in augmentation[1:]:
            if letter == ord("R"):
                encoding = data.byte()
            elif letter == ord("L"):
                data.byte()
            elif letter == ord("P"):
                _read_pointer(data, data.byte() & 0x0F)
            elif letter not in b"SBG":  # signal frame; kinds of signed return addresses
                break  # what follows is not known, and cannot be skipped, but its size is
    program = at.rest()
    is_signal = b"S" in augmentation
    return CommonInformation(
        code_factor, data_factor, return_register, program, encoding, bool(augmentation), is_signal
    )


def _read_pointer(at: Cursor, encoding: int, section: int = 0) -> int:
    """Read an encoded pointer (LSB 5, 10.5).

    Args:
        at: Where it stands.
        encoding: DW_EH_PE_*.
        section: Address of the first byte of the cursor's data, to which relative pointers are relative.
    """
    form, relation, place = encoding & 0x0F, encoding & 0xF0, section + at.at
    if form not in _POINTER_BYTES or relation not in (0, _PC_RELATIVE):
        raise ValueError("a pointer of an unknown kind")
    size = _POINTER_BYTES[form]
    value = at.signed(size) if form & 0x08 else at.unsigned(size)
    return (value + place if relation else value) & (2**64 - 1)


def _file_offset(segments: tuple[ElfSegment, ...], address: int) -> int:
    """Return where an address is in the file.

    Raises:
        ValueError: It is in no segment.
    """
    for segment in segments:
        if 0 <= address - segment.address < segment.file_bytes:
            return address - segment.address + segment.offset
    raise ValueError("an address in no segment")
