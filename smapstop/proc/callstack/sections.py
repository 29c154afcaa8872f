"""Find sections of a 64-bit little-endian ELF file by their names, and undo their compression (elf(5))."""

import os
import struct
import zlib
from contextlib import suppress
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
_DAMAGED = (OSError, ValueError, OverflowError, struct.error, zlib.error)
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
    found = dict[str, SectionPart]()
    try:
        headers, strings = _read_headers(fd)
    except (*_DAMAGED, IndexError):
        return found
    for name, kind, flags, address, offset, size, *_ in headers:
        if kind == _NOBITS or not 0 < size <= MAX_SECTION_BYTES:
            continue
        with suppress(*_DAMAGED):
            called = strings.read(name, _MAX_NAME_BYTES).partition(b"\0")[0].decode("ascii", "replace")
            plain = called.replace(".zdebug_", ".debug_")
            if plain in names and plain not in found:
                part = SectionPart(fd, offset, size, address)
                found[plain] = _as_it_was(part, is_compressed=bool(flags & _COMPRESSED), is_old=plain != called)
    return found


def _read_headers(fd: int) -> tuple[list[tuple[int, ...]], SectionPart]:
    """Read the headers of all sections, and find their names.

    Raises:
        OSError, ValueError, OverflowError, IndexError, struct.error: The file is damaged, or of another kind.
    """
    head = os.pread(fd, 64, 0)
    if head[:6] != b"\x7fELF\x02\x01":
        raise ValueError("another kind of file")
    (table,) = struct.unpack_from("<Q", head, 40)
    entry_bytes, count, strings = struct.unpack_from("<HHH", head, 58)
    if entry_bytes != _HEADER.size or count > _MAX_SECTIONS:
        raise ValueError("headers of another size, or too many")
    headers = list(_HEADER.iter_unpack(os.pread(fd, count * entry_bytes, table)))
    return headers, SectionPart(fd, headers[strings][4], headers[strings][5])


def _as_it_was(part: SectionPart, *, is_compressed: bool, is_old: bool) -> SectionPart:
    """Return a section, uncompressed if it is compressed.

    Args:
        part: The section.
        is_compressed: Whether it says so.
        is_old: Whether its name says so, which was the way before.
    """
    if is_compressed:
        form, _, size, _ = _COMPRESSED_HEADER.unpack(part.read(0, _COMPRESSED_HEADER.size))
        return _uncompress(part, _COMPRESSED_HEADER.size, size if form == _ZLIB else 0)
    return _uncompress(part, 12, int.from_bytes(part.read(4, 8), "big")) if is_old else part


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
