"""Read only the program headers of an ELF file (elf(5)): fast, where symbols and sections are not needed."""

import os
import struct

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.elf.elf_file import ElfSegment
from smapstop.proc.pages.pagemap import PAGE_BYTES

_MAX_HEADERS = 200
_MAX_NOTE_BYTES = 4096
_LOAD, _NOTE, _EH_FRAME = 1, 4, 0x6474E550
"""PT_LOAD, PT_NOTE, PT_GNU_EH_FRAME."""
_GO_NOTE = b"Go\0\0"
"""Name of the notes of Go's linker (cmd/link/internal/ld: elf.go)."""


@dataclass(frozen=True, slots=True)
class ProgramHeaders:
    """What the program headers of a file say; nothing if it is no ELF file."""

    segments: tuple[ElfSegment, ...] = ()
    is_go: bool = False
    """Whether Go's linker made it."""
    frame_table: ElfSegment | None = None
    """Where .eh_frame_hdr is, if there is one."""
    machine: int = 0
    """Architecture of a 64-bit little-endian file: EM_*; 0 for another one."""

    def bss_kb_behind(self, offset: int, size: int) -> int:
        """Zeroed data that is mapped without the file right behind a mapping of it, kB; 0 if there is none.

        The kernel (fs/binfmt_elf.c) and ld.so map the pages between the ends of a segment in the file and in memory.

        Args:
            offset: File offset of the mapping, bytes.
            size: Its size, bytes.
        """
        ranges = [_bss_range(segment) for segment in self.segments if segment.memory_bytes > segment.file_bytes]
        found = 0
        for segment in self.segments:
            first, stop = segment.pages
            if first <= offset < stop:
                end = offset + size - segment.offset + segment.address
                found = max([found, *(stop - end for start, stop in ranges if start <= end < stop)])
        return found >> 10


def _bss_range(segment: ElfSegment) -> tuple[int, int]:
    """Addresses of the pages of a segment that are mapped without the file, as if it were loaded at 0."""
    end, stop = segment.address + segment.file_bytes, segment.address + segment.memory_bytes
    start = end + -end % PAGE_BYTES if segment.file_bytes else end - end % PAGE_BYTES
    return start, stop + -stop % PAGE_BYTES


def read_program_headers(fd: int) -> ProgramHeaders:
    """Read the program headers of a file; empty if it is no ELF file, or a damaged one: files are untrusted.

    Args:
        fd: A regular file, open for reading.

    Raises:
        OSError: The file cannot be read.
    """
    head = os.pread(fd, 64, 0)
    if head[:4] != b"\x7fELF" or len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2):
        return ProgramHeaders()
    wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
    try:
        (table,) = struct.unpack_from(order + "Q" if wide else order + "I", head, 32 if wide else 28)
        entry_bytes, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
        layout = struct.Struct(order + ("IIQQQQQQ" if wide else "IIIIIIII"))
        if count > _MAX_HEADERS or entry_bytes < layout.size or table >= 2**63:
            return ProgramHeaders()
        raw = os.pread(fd, count * entry_bytes, table)
        rows = [layout.unpack_from(raw, at * entry_bytes) for at in range(len(raw) // entry_bytes)]
    except struct.error:
        return ProgramHeaders()
    machine = struct.unpack_from("<H", head, 18)[0] if wide and order == "<" else 0
    segments, is_go, frame_table = list[ElfSegment](), False, None
    for row in rows:
        if wide:
            kind, flags, offset, address, _, file_bytes, memory_bytes, _ = row
        else:
            kind, offset, address, _, file_bytes, memory_bytes, flags, _ = row
        segment = ElfSegment(offset, address, file_bytes, flags, memory_bytes=memory_bytes)
        if kind == _LOAD:
            segments.append(segment)
        elif kind == _EH_FRAME:
            frame_table = segment
        elif kind == _NOTE and offset < 2**63:
            is_go |= _GO_NOTE in os.pread(fd, min(file_bytes, _MAX_NOTE_BYTES), offset)
    return ProgramHeaders(tuple(segments), is_go, frame_table, machine)
