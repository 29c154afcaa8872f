"""Find the address of an exported symbol by its name: fast, where nothing else of the library is needed."""

import os
import re
import struct

_HEADER = struct.Struct("<QQIHHHHHH")
"""Elf64_Ehdr from e_phoff on: e_phoff, e_shoff, e_flags, e_ehsize, and sizes and numbers of the headers."""
_HEADER_OFFSET = 32
_SECTION = struct.Struct("<IIQQQQIIQQ")
"""Elf64_Shdr: name, type, flags, address, offset, size, link, information, alignment, entry size."""
_DYNAMIC_SYMBOLS = 11
"""SHT_DYNSYM."""
_SYMBOL = struct.Struct("<IBBHQQ")
"""Elf64_Sym: name, info, other, section, value, size."""
_MAX_SECTIONS = 1_000
_MAX_TABLE_BYTES = 16 << 20
"""Larger tables are not read."""


def find_exported(fd: int, name: str) -> int | None:
    """Address of an exported symbol, as if the file were loaded at 0; None if a 64-bit file does not export it.

    Never raises for what the file contains: files are untrusted.

    Args:
        fd: A regular file, open for reading.
        name: The symbol.

    Raises:
        OSError: The file cannot be read.
    """
    head = os.pread(fd, 64, 0)
    if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
        return None
    _, table, _, _, _, _, entry_bytes, count, _ = _HEADER.unpack_from(head, _HEADER_OFFSET)
    if entry_bytes != _SECTION.size or count > _MAX_SECTIONS:
        return None
    sections = list(_SECTION.iter_unpack(_read(fd, table, count * _SECTION.size, _SECTION.size)))
    for symbols in sections:
        if symbols[1] == _DYNAMIC_SYMBOLS and symbols[6] < len(sections):
            strings = sections[symbols[6]]
            texts = _read(fd, strings[4], strings[5])
            # a name may be the end of a longer one
            places = {found.start() for found in re.finditer(re.escape(name.encode() + b"\0"), texts)}
            entries = _SYMBOL.iter_unpack(_read(fd, symbols[4], symbols[5], _SYMBOL.size) if places else b"")
            return next((value for at, _, _, section, value, _ in entries if at in places and section), None)
    return None


def _read(fd: int, offset: int, size: int, unit: int = 1) -> bytes:
    """Read a table, in whole entries; empty if it cannot be one."""
    if size > _MAX_TABLE_BYTES or offset >= 2**63:
        return b""
    raw = os.pread(fd, size, offset)
    return raw[: len(raw) // unit * unit]
