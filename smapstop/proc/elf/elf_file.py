"""Read the loadable segments, sized symbols, and allocated sections of an ELF file (elf(5)).

pyelftools reads the headers. The symbol table is read as a numpy array, since pyelftools makes an object of each
symbol: the 46,000 symbols of libLLVM take it 1.3 s of CPU, here 6 ms.
"""

import os
from dataclasses import field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Addresses
from smapstop.proc.elf.debug_files import ByteOrder, DebugLink, parse_build_id, parse_debug_link
from smapstop.proc.pages.pagemap import PAGE_BYTES

MAX_SYMBOLS = 5_000_000
"""Maximum number of symbol-table entries; larger tables are not read."""
MAX_HEADERS = 1_000
"""Maximum number of sections, and of segments; files with more are not read."""

WRITE, EXECUTE = 2, 1
"""Segment flags: PF_W, PF_X."""

_MAGIC = b"\x7fELF"
_ENTRY = {
    64: [("name", "u4"), ("info", "u1"), ("other", "u1"), ("section", "u2"), ("value", "u8"), ("size", "u8")],
    32: [("name", "u4"), ("value", "u4"), ("size", "u4"), ("info", "u1"), ("other", "u1"), ("section", "u2")],
}
"""Elf64_Sym and Elf32_Sym."""
_ADDRESSABLE_TYPES = np.isin(np.arange(16), (0, 1, 2, 10))
"""STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_GNU_IFUNC; not STT_TLS, whose values are not addresses."""
_FUNCTION = 2
"""STT_FUNC."""
_UNDEFINED, _ABSOLUTE = 0, 0xFFF1
"""Special section indices: SHN_UNDEF, SHN_ABS."""
_SHF_ALLOC, _SHF_TLS = 0x2, 0x400
"""SHF_ALLOC, SHF_TLS."""
_CHUNK_BYTES = 64
"""Bytes of a name per read."""
_MAX_SECTION_BYTES = 4096
"""Larger note sections and .gnu_debuglink sections are not read."""
_MAX_NAME_BYTES = 1024
"""Length at which names are cut off."""


class ElfSegment(NamedTuple):
    """A loadable segment (PT_LOAD)."""

    offset: int
    address: int
    file_bytes: int
    flags: int
    matching_mappings: int = 0
    """Number of mappings consistent with a given mapping being of this segment; see `match_segments`."""
    memory_bytes: int = 0
    """Size in memory: past `file_bytes` it is zeroed (.bss), and from the next page on mapped without the file."""

    @property
    def pages(self) -> tuple[int, int]:
        """File offsets of the start of its first page and the end of its last one."""
        end = self.offset + self.file_bytes
        return self.offset - self.offset % PAGE_BYTES, end + -end % PAGE_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class AddressSpans:
    """The n address ranges of symbols or sections, in any order. Addresses are as if the file were loaded at 0."""

    start: Addresses
    """First address, shape (n,)."""
    end: Addresses
    """First address past each range, shape (n,)."""

    def __len__(self) -> int:
        return len(self.start)

    def find_overlapping(self, ranges: Addresses) -> NDArray[np.intp]:
        """Return the spans that overlap any of `ranges`, shape (m, 2), in order, disjoint."""
        if not len(ranges):
            return np.zeros(0, np.intp)
        near = np.flatnonzero((self.start < ranges[-1, 1]) & (self.end > ranges[0, 0]))
        first_not_before = np.searchsorted(ranges[:, 1], self.start[near], "right")
        begins_before: NDArray[np.bool_] = ranges[first_not_before, 0] < self.end[near]
        return near[begins_before]


_NO_SPANS = AddressSpans(np.zeros(0, np.uint64), np.zeros(0, np.uint64))


@dataclass(frozen=True, slots=True, eq=False)
class Elf:
    """Headers and symbol table of an ELF file."""

    segments: tuple[ElfSegment, ...] = ()
    symbols: AddressSpans = _NO_SPANS
    """Data and functions that have a size, from .symtab or else .dynsym."""
    name_offsets: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    """Offset of each symbol's name in the string table."""
    bindings: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    """Binding of each symbol: STB_LOCAL 0, STB_GLOBAL 1, STB_WEAK 2."""
    unsized_starts: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    """Addresses of functions that have no size: assembly code, which reaches to the next function or so."""
    unsized_name_offsets: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    """Offset of the name of each of them."""
    string_table_range: tuple[int, int] = (0, 0)
    """File offsets of the string table's start and end."""
    sections: AddressSpans = _NO_SPANS
    """Sections that occupy memory."""
    section_names: tuple[str, ...] = ()
    has_symtab: bool = False
    """Whether the symbols are from .symtab, and so not only the exported ones."""
    build_id: str = ""
    """Build-id in hexadecimal; empty if there is none."""
    debug_link: DebugLink | None = None
    """Reference to its debug file, if it has one."""
    missing_reason: str = ""
    """Why there are no symbols, as a predicate of the file: `is not an ELF file`; empty if there are symbols."""

    def with_symbols_of(self, debug: "Elf") -> "Elf":
        """Return a copy with the symbols of its debug file; their names must then be read from that file."""
        return replace(
            self,
            symbols=debug.symbols,
            name_offsets=debug.name_offsets,
            bindings=debug.bindings,
            unsized_starts=debug.unsized_starts,
            unsized_name_offsets=debug.unsized_name_offsets,
            has_symtab=debug.has_symtab,
            string_table_range=debug.string_table_range,
            missing_reason=debug.missing_reason,
        )

    def read_name(self, fd: int, symbol: int) -> str:
        """Read a symbol's name, possibly mangled, cut off at `_MAX_NAME_BYTES`.

        Raises:
            OSError: The file cannot be read.
        """
        return self.read_text(fd, int(self.name_offsets[symbol]))

    def read_text(self, fd: int, offset: int) -> str:
        """Read a name at an offset of the string table; as `read_name`."""
        begin, stop = self.string_table_range[0] + offset, self.string_table_range[1]
        name = b""
        while b"\0" not in name and len(name) < min(_MAX_NAME_BYTES, stop - begin):
            more = os.pread(fd, min(_CHUNK_BYTES, stop - begin - len(name)), begin + len(name))
            if not more:
                break
            name += more
        return name.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def read_elf(fd: int) -> Elf:
    """Read the headers and symbol table of a file; if that fails, the result is empty and has a `missing_reason`.

    Never raises, whatever the file contains: files are untrusted.

    Args:
        fd: A regular file, open for reading. Its offset changes.
    """
    try:
        if os.pread(fd, len(_MAGIC), 0) != _MAGIC:
            return Elf(missing_reason="is not an ELF file")
        return _read_headers(fd)
    except OSError as error:
        return Elf(missing_reason=f"cannot be read: {error.strerror}")
    except Exception:  # noqa: BLE001  pyelftools raises many kinds of errors
        return Elf(missing_reason="is a damaged ELF file")


def _read_headers(fd: int) -> Elf:
    """Read an ELF file with pyelftools, which raises on a malformed one."""
    from elftools.common.utils import struct_parse  # imported here because it takes 40 to 60 ms
    from elftools.elf.elffile import ELFFile

    with open(fd, "rb", closefd=False) as stream:
        elf = ELFFile(stream)
        if max(elf.num_sections(), elf.num_segments()) > MAX_HEADERS:
            return Elf(missing_reason="has too many sections to read")
        # not with iter_segments() and iter_sections(), which read hash tables entry by entry

        def read_table(layout: Any, kind: str, count: int) -> list[Any]:
            """Read the headers of one kind, which all have the same size."""
            first, size = elf[f"e_{kind}off"], elf[f"e_{kind}entsize"]
            return [struct_parse(layout, stream, first + number * size) for number in range(count)]

        segments = read_table(elf.structs.Elf_Phdr, "ph", elf.num_segments())
        sections = read_table(elf.structs.Elf_Shdr, "sh", elf.num_sections())
        occupying = [section for section in sections if _occupies_memory(section)]
        names: Any = elf.get_section(elf.get_shstrndx()) if sections else None
        order: ByteOrder = "<" if elf.little_endian else ">"
        bare = Elf(
            tuple(filter(_can_be_mapped, map(_segment, filter(_is_loaded, segments)))),
            sections=_build_spans([(section["sh_addr"], section["sh_size"]) for section in occupying]),
            section_names=tuple(names.get_string(section["sh_name"]) for section in occupying) if names else (),
            build_id=_read_build_id(fd, sections, order),
            debug_link=_read_debug_link(fd, sections, names, order),
            missing_reason="is stripped of its symbols",
        )
        return _add_symbols(bare, fd, sections, elf.elfclass, order)


def _read_build_id(fd: int, sections: list[Any], order: ByteOrder) -> str:
    """Read the build-id; empty if there is none."""
    notes = [section for section in sections if section["sh_type"] == "SHT_NOTE"]
    return next(filter(None, (parse_build_id(_content(fd, section), order) for section in notes)), "")


def _read_debug_link(fd: int, sections: list[Any], names: Any, order: ByteOrder) -> DebugLink | None:
    """Read .gnu_debuglink, if there is one."""
    named = [section for section in sections if names and names.get_string(section["sh_name"]) == ".gnu_debuglink"]
    return parse_debug_link(_content(fd, named[0]), order) if named else None


def _content(fd: int, section: Any) -> bytes:
    """Read a section; empty if it is large or has no bytes in the file."""
    if section["sh_type"] == "SHT_NOBITS" or section["sh_size"] > _MAX_SECTION_BYTES:
        return b""
    return os.pread(fd, section["sh_size"], section["sh_offset"])


def _is_loaded(header: Any) -> bool:
    """Whether a program header describes a loadable segment."""
    return bool(header["p_type"] == "PT_LOAD")


def _segment(header: Any) -> ElfSegment:
    """Build the segment for a program header."""
    at, size = (header["p_offset"], header["p_vaddr"]), header["p_filesz"]
    return ElfSegment(*at, size, header["p_flags"], memory_bytes=header["p_memsz"])


def _can_be_mapped(segment: ElfSegment) -> bool:
    """Whether a segment can be mapped at all, so that arithmetic on its addresses does not overflow."""
    together = segment.offset % PAGE_BYTES == segment.address % PAGE_BYTES
    return together and max(segment.offset, segment.address) + max(segment.file_bytes, segment.memory_bytes) < 2**63


def _occupies_memory(section: Any) -> bool:
    """Whether a section occupies memory; .tbss has an address but does not occupy it."""
    of_each_thread = section["sh_flags"] & _SHF_TLS and section["sh_type"] == "SHT_NOBITS"
    return bool(section["sh_flags"] & _SHF_ALLOC) and not of_each_thread


def _build_spans(starts_and_sizes: list[tuple[int, int]]) -> AddressSpans:
    """Build spans from starts and sizes."""
    start, size = np.array(starts_and_sizes, np.uint64).reshape(-1, 2).T
    return AddressSpans(start, start + size)


def _add_symbols(elf: Elf, fd: int, sections: list[Any], bits: int, order: ByteOrder) -> Elf:
    """Return the file with its symbols added, if it has any."""
    tables = {section["sh_type"]: section for section in reversed(sections)}
    table = tables.get("SHT_SYMTAB") or tables.get("SHT_DYNSYM")
    if table is None:
        return elf
    layout = np.dtype(_ENTRY[bits]).newbyteorder(order)
    count = table["sh_size"] // layout.itemsize
    if count > MAX_SYMBOLS:
        return replace(elf, missing_reason=f"has too many symbols to read ({count:,})")
    raw = os.pread(fd, count * layout.itemsize, table["sh_offset"])
    entries = np.frombuffer(raw, layout, len(raw) // layout.itemsize)
    entries = entries[(entries["section"] != _UNDEFINED) & (entries["section"] != _ABSOLUTE)]
    unsized = entries[(entries["size"] == 0) & (entries["info"] & 15 == _FUNCTION)]
    entries = entries[(entries["size"] > 0) & _ADDRESSABLE_TYPES[entries["info"] & 15]]
    start = entries["value"].astype(np.uint64)
    strings = sections[table["sh_link"]]
    if strings["sh_offset"] + strings["sh_size"] >= 2**63:
        raise ValueError("string table out of range")
    return replace(
        elf,
        symbols=AddressSpans(start, start + entries["size"].astype(np.uint64)),
        name_offsets=entries["name"].astype(np.uint32),
        bindings=entries["info"] >> 4,
        unsized_starts=unsized["value"].astype(np.uint64),
        unsized_name_offsets=unsized["name"].astype(np.uint32),
        has_symtab=table["sh_type"] == "SHT_SYMTAB",
        string_table_range=(strings["sh_offset"], strings["sh_offset"] + strings["sh_size"]),
        missing_reason="" if len(entries) else elf.missing_reason,
    )
