"""What an ELF file says of its memory: segments, the symbols that take up room, and sections (elf(5))."""

import os
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses
from smapstop.proc.elf.debug_files import ByteOrder, DebugLink, parse_build_id, parse_debug_link
from smapstop.proc.pages.pagemap import PAGE_BYTES

MAX_SYMBOLS = 5_000_000
"""Entries of a symbol table; a larger one is not read."""
MAX_HEADERS = 1_000
"""Sections, and segments; a file with more is not read."""

WRITE, EXECUTE = 2, 1
"""Flags of a segment: PF_W, PF_X."""

_MAGIC = b"\x7fELF"
_ENTRY = {
    64: [("name", "u4"), ("info", "u1"), ("other", "u1"), ("section", "u2"), ("value", "u8"), ("size", "u8")],
    32: [("name", "u4"), ("value", "u4"), ("size", "u4"), ("info", "u1"), ("other", "u1"), ("section", "u2")],
}
"""Elf64_Sym and Elf32_Sym."""
_ADDRESSABLE_TYPES = np.isin(np.arange(16), (0, 1, 2, 10))
"""STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_GNU_IFUNC; not STT_TLS, whose values are no addresses."""
_UNDEFINED, _ABSOLUTE = 0, 0xFFF1
"""Instead of a section: SHN_UNDEF, SHN_ABS."""
_SHF_ALLOC, _SHF_TLS = 0x2, 0x400
"""SHF_ALLOC, SHF_TLS."""
_CHUNK_BYTES = 64
"""How much of a name is read at once."""
_MAX_SECTION_BYTES = 4096
"""A section of notes, or a .gnu_debuglink, that is larger is not read."""
_MAX_NAME_BYTES = 1024
"""Where a name is cut off."""


class ElfSegment(NamedTuple):
    """A part of the file that is mapped (PT_LOAD)."""

    offset: int
    address: int
    file_bytes: int
    flags: int
    matching_mappings: int = 0
    """How many mappings of the file lie where they must if a certain one is of this segment; see `placed`."""
    memory_bytes: int = 0
    """How large it is in memory: behind what is in the file it is zeroed (.bss), from the next page on of no file."""

    @property
    def pages(self) -> tuple[int, int]:
        """Where in the file its first page begins, and where its last one ends."""
        end = self.offset + self.file_bytes
        return self.offset - self.offset % PAGE_BYTES, end + -end % PAGE_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class AddressSpans:
    """Things in memory, n of them, in any order. Addresses are the file's own, as if it were loaded at 0."""

    start: Addresses
    """First address, shape (n,)."""
    end: Addresses
    """First address after it, shape (n,)."""

    def __len__(self) -> int:
        return len(self.start)

    def find_overlapping(self, ranges: Addresses) -> NDArray[np.intp]:
        """The places that lie in ranges of addresses, even if in part; ranges of shape (m, 2), in order, disjoint."""
        if not len(ranges):
            return np.zeros(0, np.intp)
        near = np.flatnonzero((self.start < ranges[-1, 1]) & (self.end > ranges[0, 0]))
        first_not_before = np.searchsorted(ranges[:, 1], self.start[near], "right")
        begins_before: NDArray[np.bool_] = ranges[first_not_before, 0] < self.end[near]
        return near[begins_before]


_NO_SPANS = AddressSpans(np.zeros(0, np.uint64), np.zeros(0, np.uint64))


@dataclass(frozen=True, slots=True, eq=False)
class Elf:
    """An ELF file, without its contents."""

    segments: tuple[ElfSegment, ...] = ()
    symbols: AddressSpans = _NO_SPANS
    """Of .symtab, else of .dynsym: data and functions that have a size."""
    name_offsets: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    """Where in the string table the name of each symbol is."""
    bindings: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    """STB_LOCAL 0, STB_GLOBAL 1, STB_WEAK 2, of each symbol."""
    string_table_range: tuple[int, int] = (0, 0)
    """Where in the file the string table begins and ends."""
    sections: AddressSpans = _NO_SPANS
    """Those that take up memory."""
    section_names: tuple[str, ...] = ()
    has_symtab: bool = False
    """Whether the symbols are of .symtab: not only what it exports."""
    build_id: str = ""
    """In hexadecimal; empty when it has none."""
    debug_link: DebugLink | None = None
    """The name of the file that has its symbols, if it says one."""
    missing_reason: str = ""
    """Why there are no symbols: what to say of the file, such as `is not an ELF file`; empty when there are."""

    def with_symbols_of(self, debug: "Elf") -> "Elf":
        """The same with the symbols of its debug file, whose names are in that file."""
        return replace(
            self,
            symbols=debug.symbols,
            name_offsets=debug.name_offsets,
            bindings=debug.bindings,
            has_symtab=debug.has_symtab,
            string_table_range=debug.string_table_range,
            missing_reason=debug.missing_reason,
        )

    def read_name(self, fd: int, symbol: int) -> str:
        """The name of a symbol as the file has it, perhaps mangled; the end of a very long one is cut off.

        Raises:
            OSError: The file cannot be read.
        """
        begin, stop = self.string_table_range[0] + int(self.name_offsets[symbol]), self.string_table_range[1]
        name = b""
        while b"\0" not in name and len(name) < min(_MAX_NAME_BYTES, stop - begin):
            more = os.pread(fd, min(_CHUNK_BYTES, stop - begin - len(name)), begin + len(name))
            if not more:
                break
            name += more
        return name.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def read_elf(fd: int) -> Elf:
    """Read the headers and the symbol table of a file; nothing, with the reason in `lacking`, when it has none.

    Whatever the file contains, this does not fail: it may be anybody's.

    Args:
        fd: Of a regular file, open for reading. Its offset moves.
    """
    try:
        if os.pread(fd, len(_MAGIC), 0) != _MAGIC:
            return Elf(missing_reason="is not an ELF file")
        return _read_headers(fd)
    except OSError as error:
        return Elf(missing_reason=f"cannot be read: {error.strerror}")
    except Exception:  # noqa: BLE001  pyelftools has many ways to say so
        return Elf(missing_reason="is a damaged ELF file")


def _read_headers(fd: int) -> Elf:
    """What an ELF file says, if it is a good one."""
    from elftools.common.utils import struct_parse  # here, because it takes 40 to 60 ms
    from elftools.elf.elffile import ELFFile

    with open(fd, "rb", closefd=False) as stream:
        elf = ELFFile(stream)
        if max(elf.num_sections(), elf.num_segments()) > MAX_HEADERS:
            return Elf(missing_reason="has too many sections to look through")
        # not with its iter_segments() and iter_sections(), which read hash tables entry by entry

        def read_table(layout: Any, kind: str, count: int) -> list[Any]:
            """The headers of one kind, all of which have the same size."""
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
    """What identifies the build, if a note does."""
    notes = [section for section in sections if section["sh_type"] == "SHT_NOTE"]
    return next(filter(None, (parse_build_id(_content(fd, section), order) for section in notes)), "")


def _read_debug_link(fd: int, sections: list[Any], names: Any, order: ByteOrder) -> DebugLink | None:
    """Which file has the symbols, if a section says so."""
    named = [section for section in sections if names and names.get_string(section["sh_name"]) == ".gnu_debuglink"]
    return parse_debug_link(_content(fd, named[0]), order) if named else None


def _content(fd: int, section: Any) -> bytes:
    """What a small section contains."""
    if section["sh_type"] == "SHT_NOBITS" or section["sh_size"] > _MAX_SECTION_BYTES:
        return b""
    return os.pread(fd, section["sh_size"], section["sh_offset"])


def _is_loaded(header: Any) -> bool:
    """Whether a program header describes a part of the file that is mapped."""
    return bool(header["p_type"] == "PT_LOAD")


def _segment(header: Any) -> ElfSegment:
    """The segment that a program header describes."""
    at, size = (header["p_offset"], header["p_vaddr"]), header["p_filesz"]
    return ElfSegment(*at, size, header["p_flags"], memory_bytes=header["p_memsz"])


def _can_be_mapped(segment: ElfSegment) -> bool:
    """Whether a segment can be in memory at all, so that reckoning with its addresses does not overflow."""
    together = segment.offset % PAGE_BYTES == segment.address % PAGE_BYTES
    return together and max(segment.offset, segment.address) + max(segment.file_bytes, segment.memory_bytes) < 2**63


def _occupies_memory(section: Any) -> bool:
    """Whether a section is part of the memory; .tbss has an address, but not to itself."""
    of_each_thread = section["sh_flags"] & _SHF_TLS and section["sh_type"] == "SHT_NOBITS"
    return bool(section["sh_flags"] & _SHF_ALLOC) and not of_each_thread


def _build_spans(starts_and_sizes: list[tuple[int, int]]) -> AddressSpans:
    """Places from where they start and how large they are."""
    start, size = np.array(starts_and_sizes, np.uint64).reshape(-1, 2).T
    return AddressSpans(start, start + size)


def _add_symbols(elf: Elf, fd: int, sections: list[Any], bits: int, order: ByteOrder) -> Elf:
    """The file with its symbols, too, if it has any."""
    tables = {section["sh_type"]: section for section in reversed(sections)}
    table = tables.get("SHT_SYMTAB") or tables.get("SHT_DYNSYM")
    if table is None:
        return elf
    layout = np.dtype(_ENTRY[bits]).newbyteorder(order)
    count = table["sh_size"] // layout.itemsize
    if count > MAX_SYMBOLS:
        return replace(elf, missing_reason=f"has too many symbols to look through ({count:,})")
    raw = os.pread(fd, count * layout.itemsize, table["sh_offset"])
    entries = np.frombuffer(raw, layout, len(raw) // layout.itemsize)
    somewhere = (entries["section"] != _UNDEFINED) & (entries["section"] != _ABSOLUTE) & (entries["size"] > 0)
    entries = entries[somewhere & _ADDRESSABLE_TYPES[entries["info"] & 15]]
    start = entries["value"].astype(np.uint64)
    strings = sections[table["sh_link"]]
    if strings["sh_offset"] + strings["sh_size"] >= 2**63:
        raise ValueError("the string table is nowhere")
    return replace(
        elf,
        symbols=AddressSpans(start, start + entries["size"].astype(np.uint64)),
        name_offsets=entries["name"].astype(np.uint32),
        bindings=entries["info"] >> 4,
        has_symtab=table["sh_type"] == "SHT_SYMTAB",
        string_table_range=(strings["sh_offset"], strings["sh_offset"] + strings["sh_size"]),
        missing_reason="" if len(entries) else elf.missing_reason,
    )
