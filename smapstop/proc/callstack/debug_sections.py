"""What entries of .debug_info refer to in other sections: texts, addresses, ranges (DWARF 5, 2.17, 7.26 to 7.28)."""

from collections.abc import Iterator

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.callstack.cursor import Cursor
from smapstop.proc.callstack.debug_entries import Encoding, Value
from smapstop.proc.callstack.sections import SectionPart

Range = tuple[int, int]
"""First address, and first address past it."""

DEBUG_SECTIONS = (
    *(".debug_info", ".debug_abbrev", ".debug_str", ".debug_line_str"),
    *(".debug_str_offsets", ".debug_addr", ".debug_ranges", ".debug_rnglists"),
)
_MAX_TEXT_BYTES = 4096
_MAX_RANGES = 10_000
_RANGE_BYTES = 16
_ADDRESS_BYTES = 8
_ALL_ONES = 2**64 - 1
_LOW_PC, _HIGH_PC, _RANGES = 0x11, 0x12, 0x55
"""DW_AT_*."""
OF_RANGES = frozenset((_LOW_PC, _HIGH_PC, _RANGES))
"""Attributes that say where the code of an entry is."""
_ADDR, _STRING, _STRP, _LINE_STRP, _RNGLISTX = 0x01, 0x08, 0x0E, 0x1F, 0x23
"""DW_FORM_*."""
_STRX = frozenset((0x1A, 0x25, 0x26, 0x27, 0x28))
_ADDRX = frozenset((0x1B, 0x29, 0x2A, 0x2B, 0x2C))
_REF_ADDR = 0x10
RELATIVE_REFERENCES = frozenset((0x11, 0x12, 0x13, 0x14, 0x15))
"""DW_FORM_ref1 …, which are relative to the start of their unit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A compilation unit."""

    start: int
    """Offset in .debug_info."""
    end: int
    entries: int
    """Offset of its first entry."""
    encoding: Encoding
    shapes: int
    """Offset of its shapes in .debug_abbrev."""
    line_program: int | None
    """Offset of its line program in .debug_line."""
    text_offsets: int
    """Offset of its part of .debug_str_offsets."""
    addresses: int
    """Offset of its part of .debug_addr."""
    range_lists: int
    """Offset of its part of .debug_rnglists."""
    base_address: int = 0
    """What addresses in lists of ranges are relative to."""


class DebugSections:
    """The sections of a file with debugging information. Whatever is malformed is a ValueError, or an OSError.

    Args:
        parts: Those of `DEBUG_SECTIONS` that the file has; the file must stay open.
    """

    def __init__(self, parts: dict[str, SectionPart]) -> None:
        self._parts = parts

    def part(self, name: str) -> SectionPart:
        """A section by its name."""
        try:
            return self._parts[name]
        except KeyError as error:
            raise ValueError("a section is missing") from error

    def text(self, unit: Unit, value: Value) -> bytes:
        """A string; empty if it is in another file."""
        if value.form == _STRING:
            return value.text
        at, size = value.number, unit.encoding.offset_bytes
        if value.form in _STRX:
            at = self._number(".debug_str_offsets", unit.text_offsets + value.number * size, size)
        elif value.form not in (_STRP, _LINE_STRP):
            return b""
        texts = self.part(".debug_line_str" if value.form == _LINE_STRP else ".debug_str")
        return texts.read(at, _MAX_TEXT_BYTES).partition(b"\0")[0]

    def address(self, unit: Unit, value: Value) -> int:
        """An address."""
        if value.form == _ADDR:
            return value.number
        if value.form not in _ADDRX:
            raise ValueError("an address of an unknown form")
        return self._indexed_address(unit, value.number)

    def reference(self, unit: Unit, value: Value) -> int | None:
        """Offset of another entry in .debug_info; `None` if it is in another file."""
        if value.form in RELATIVE_REFERENCES:
            return unit.start + value.number
        return value.number if value.form == _REF_ADDR else None

    def ranges(self, unit: Unit, values: dict[int, Value]) -> list[Range]:
        """Where the code of an entry is, by its attributes `OF_RANGES`; empty if it has none."""
        if _RANGES in values:
            listed = self._listed(unit, values[_RANGES])
            return [(start, end) for start, end in listed if start < end]
        if _LOW_PC not in values or _HIGH_PC not in values:
            return []
        start, high = self.address(unit, values[_LOW_PC]), values[_HIGH_PC]
        end = self.address(unit, high) if high.form == _ADDR or high.form in _ADDRX else start + high.number
        return [(start, end)]

    def _listed(self, unit: Unit, value: Value) -> Iterator[Range]:
        """The ranges of a list."""
        if unit.encoding.version < 5:
            content = self.part(".debug_ranges").read(value.number, _MAX_RANGES * _RANGE_BYTES)
            return _old_ranges(Cursor(content), unit.base_address)
        at, size = value.number, unit.encoding.offset_bytes
        if value.form == _RNGLISTX:
            at = unit.range_lists + self._number(".debug_rnglists", unit.range_lists + value.number * size, size)
        content = self.part(".debug_rnglists").read(at, _MAX_RANGES * _RANGE_BYTES)
        return self._ranges_of_version_5(Cursor(content), unit)

    def _ranges_of_version_5(self, at: Cursor, unit: Unit) -> Iterator[Range]:
        """The ranges of a list of version 5."""
        base = unit.base_address
        while kind := at.byte():
            match kind:
                case 1:  # DW_RLE_base_addressx
                    base = self._indexed_address(unit, at.uleb())
                case 2:  # startx_endx
                    yield self._indexed_address(unit, at.uleb()), self._indexed_address(unit, at.uleb())
                case 3:  # startx_length
                    start = self._indexed_address(unit, at.uleb())
                    yield start, start + at.uleb()
                case 4:  # offset_pair
                    yield base + at.uleb(), base + at.uleb()
                case 5:  # base_address
                    base = at.unsigned(_ADDRESS_BYTES)
                case 6:  # start_end
                    yield at.unsigned(_ADDRESS_BYTES), at.unsigned(_ADDRESS_BYTES)
                case 7:  # start_length
                    start = at.unsigned(_ADDRESS_BYTES)
                    yield start, start + at.uleb()
                case _:
                    raise ValueError("a range of an unknown kind")

    def _indexed_address(self, unit: Unit, number: int) -> int:
        """An address by its number in the unit's part of .debug_addr."""
        return self._number(".debug_addr", unit.addresses + number * _ADDRESS_BYTES, _ADDRESS_BYTES)

    def _number(self, name: str, at: int, size: int) -> int:
        """A number in a section."""
        return Cursor(self.part(name).read(at, size)).unsigned(size)


def _old_ranges(at: Cursor, base: int) -> Iterator[Range]:
    """The ranges of a list of versions 2 to 4."""
    while pair := (at.unsigned(_ADDRESS_BYTES), at.unsigned(_ADDRESS_BYTES)):
        start, end = pair
        if start == _ALL_ONES:
            base = end
        elif not end:
            return
        else:
            yield base + start, base + end
