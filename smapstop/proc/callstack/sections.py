"""Find sections of a 64-bit little-endian ELF file by their names, and undo their compression (elf(5))."""

import os
import struct
import zlib
from typing import NamedTuple

MAX_SECTION_BYTES = 64 << 20
"""Larger sections are not used."""
_MAX_SECTIONS = 10_000
_MAX_NAME_BYTES = 64
_CHUNK_BYTES = 1 << 20
_HEADER = struct.Struct("<IIQQQQIIQQ")
"""Elf64_Shdr."""
_COMPRESSED_HEADER = struct.Struct("<IIQQ")
"""Elf64_Chdr."""
_NOBITS, _COMPRESSED, _ZLIB = 8, 0x800, 1
"""SHT_NOBITS, SHF_COMPRESSED, ELFCOMPRESS_ZLIB."""


class SectionPart(NamedTuple):
    """Where the content of a section is, in its file or, once it was uncompressed, in one of its own."""

    fd: int
    offset: int
    size: int
    address: int = 0
    """Its address as if the file were loaded at 0; 0 if it is not loaded."""
    is_own: bool = False
    """Whether the fd is to be closed with the section."""

    def read(self, at: int, size: int) -> bytes:
        """Read up to `size` bytes from `at` on.

        Raises:
            OSError, ValueError, OverflowError: They cannot be read.
        """
        if not 0 <= at <= self.size:
            raise ValueError("not in the section")
        return os.pread(self.fd, min(size, self.size - at), self.offset + at)

    def close(self) -> None:
        """Close a file of its own."""
        if self.is_own:
            os.close(self.fd)


NO_SECTION = SectionPart(-1, 0, 0)
"""Stands for one that is not there."""


def find_sections(fd: int, names: tuple[str, ...]) -> dict[str, SectionPart]:
    """Find sections by their names; those that are not there, are too large or damaged are left out.

    Never raises, whatever the file contains.
    """
    try:
        return _find_sections(fd, names)
    except (OSError, ValueError, OverflowError, struct.error, zlib.error):
        return {}


def _find_sections(fd: int, names: tuple[str, ...]) -> dict[str, SectionPart]:
    head = os.pread(fd, 64, 0)
    if head[:6] != b"\x7fELF\x02\x01":
        return {}
    (table,) = struct.unpack_from("<Q", head, 40)
    entry_bytes, count, strings = struct.unpack_from("<HHH", head, 58)
    if entry_bytes != _HEADER.size or not strings < count <= _MAX_SECTIONS:
        return {}
    headers = list(_HEADER.iter_unpack(os.pread(fd, count * entry_bytes, table)[: count * entry_bytes]))
    text = SectionPart(fd, headers[strings][4], headers[strings][5])
    found = dict[str, SectionPart]()
    for name, kind, flags, address, offset, size, *_ in headers:
        if kind == _NOBITS:
            continue
        called = text.read(name, _MAX_NAME_BYTES).partition(b"\0")[0].decode("ascii", "replace")
        plain = called.replace(".zdebug_", ".debug_")
        if plain in names and plain not in found and 0 < size <= MAX_SECTION_BYTES:
            part = SectionPart(fd, offset, size, address)
            if flags & _COMPRESSED:
                form, _, whole, _ = _COMPRESSED_HEADER.unpack(part.read(0, _COMPRESSED_HEADER.size))
                part = _uncompress(part, _COMPRESSED_HEADER.size, whole if form == _ZLIB else 0)
            elif plain != called:  # the older way: `ZLIB` and the size
                part = _uncompress(part, 12, int.from_bytes(part.read(4, 8), "big"))
            found[plain] = part
    return found


def _uncompress(part: SectionPart, header_bytes: int, size: int) -> SectionPart:
    """Write the uncompressed content of a section to memory.

    Raises:
        ValueError: It is too large, or compressed in another way.
        zlib.error: It is damaged.
    """
    if not 0 < size <= MAX_SECTION_BYTES:
        raise ValueError("too large, or an unknown compression")
    unpack, at = zlib.decompressobj(), header_bytes
    to, left = os.memfd_create("section"), size
    try:
        while left and (chunk := unpack.unconsumed_tail or part.read(at, _CHUNK_BYTES)):
            at += 0 if unpack.unconsumed_tail else len(chunk)
            content = unpack.decompress(chunk, min(left, _CHUNK_BYTES))
            os.write(to, content)
            left -= len(content)
            if unpack.eof or (not content and not unpack.unconsumed_tail):
                break
    except BaseException:
        os.close(to)
        raise
    return SectionPart(to, 0, size - left, is_own=True)
