"""Read entries of .debug_info: their shapes, and the attributes that are wanted (DWARF 5, 7.5; versions 2 to 5).

pyelftools makes an object of each entry, which takes 10 µs of CPU, here 2.
"""

from collections.abc import Iterator
from typing import NamedTuple

from smapstop.proc.callstack.cursor import Cursor

_MAX_ATTRIBUTES = 1_000
_ADDRESS_BYTES = 8
_DATA16 = 0x1E
_FIXED_BYTES = {
    **dict.fromkeys((0x0B, 0x0C, 0x11, 0x25, 0x29), 1),  # DW_FORM_data1, flag, ref1, strx1, addrx1
    **dict.fromkeys((0x05, 0x12, 0x26, 0x2A), 2),  # data2, ref2, strx2, addrx2
    **dict.fromkeys((0x27, 0x2B), 3),  # strx3, addrx3
    **dict.fromkeys((0x06, 0x13, 0x1C, 0x28, 0x2C), 4),  # data4, ref4, ref_sup4, strx4, addrx4
    **dict.fromkeys((0x01, 0x07, 0x14, 0x20, 0x24), 8),  # addr, data8, ref8, ref_sig8, ref_sup8
    **dict.fromkeys((0x19, 0x21), 0),  # flag_present, implicit_const
    _DATA16: 16,
}
_OFFSETS = frozenset((0x0E, 0x10, 0x17, 0x1D, 0x1F, 0x1F20, 0x1F21))
"""strp, ref_addr, sec_offset, strp_sup, line_strp, GNU_ref_alt, GNU_strp_alt: offsets into sections."""
_ULEB = frozenset((0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23, 0x1F01, 0x1F02))
"""udata, ref_udata, strx, addrx, loclistx, rnglistx, GNU_addr_index, GNU_str_index."""
_BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4, 0x09: 0, 0x18: 0}
"""block1, block2, block4, and block and exprloc, whose size is a LEB128 number."""
_STRING, _SDATA, _IMPLICIT, _REF_ADDR = 0x08, 0x0D, 0x21, 0x10


class Encoding(NamedTuple):
    """How the numbers of a unit are encoded."""

    version: int
    offset_bytes: int
    """4, or 8 in units of 64-bit DWARF."""


class Attribute(NamedTuple):
    """An attribute of a shape."""

    name: int
    """DW_AT_*."""
    form: int
    """DW_FORM_*."""
    constant: int
    """Its value, if the shape has it."""


class Shape(NamedTuple):
    """What an abbreviation declares of the entries that refer to it."""

    tag: int
    """DW_TAG_*."""
    has_children: bool
    attributes: tuple[Attribute, ...]
    size: int | None
    """Bytes of an entry after its code; `None` if they differ from entry to entry."""


class Value(NamedTuple):
    """Value of an attribute."""

    form: int
    """DW_FORM_*, without which the number has no meaning."""
    number: int
    text: bytes = b""
    """Of a string that is in the entry."""


def read_shapes(content: bytes, encoding: Encoding) -> Iterator[tuple[int, Shape]]:
    """Read code and shape of each abbreviation of a table in .debug_abbrev.

    Raises:
        ValueError: The table is malformed, or has attributes of an unknown form.
    """
    at = Cursor(content)
    while code := at.uleb():
        tag, has_children = at.uleb(), bool(at.byte())
        attributes, size = list[Attribute](), 0
        is_fixed = True
        while pair := _read_pair(at):
            name, form = pair
            attributes.append(Attribute(name, form, at.sleb() if form == _IMPLICIT else 0))
            bytes_ = _fixed_bytes(form, encoding)
            is_fixed &= bytes_ is not None
            size += bytes_ or 0
            if len(attributes) > _MAX_ATTRIBUTES:
                raise ValueError("too many attributes")
        yield code, Shape(tag, has_children, tuple(attributes), size if is_fixed else None)


def _read_pair(at: Cursor) -> tuple[int, int] | None:
    """Read name and form of an attribute; `None` at the end of the list."""
    name, form = at.uleb(), at.uleb()
    return (name, form) if name or form else None


def _fixed_bytes(form: int, encoding: Encoding) -> int | None:
    """Bytes of a value of a form; `None` if they differ."""
    if form == _REF_ADDR and encoding.version == 2:
        return _ADDRESS_BYTES
    return encoding.offset_bytes if form in _OFFSETS else _FIXED_BYTES.get(form)


def read_values(at: Cursor, shape: Shape, encoding: Encoding, wanted: frozenset[int]) -> dict[int, Value]:
    """Read the attributes of an entry that are wanted, by their names, and go to its end.

    Raises:
        ValueError: It ends early, or has a value of an unknown form.
    """
    values = dict[int, Value]()
    for name, form, constant in shape.attributes:
        if name in wanted:
            values[name] = Value(form, constant) if form == _IMPLICIT else _read_value(at, form, encoding)
        else:
            _skip(at, form, encoding)
    return values


def skip_entry(at: Cursor, shape: Shape, encoding: Encoding) -> None:
    """Go to the end of an entry.

    Raises:
        ValueError: As for `read_values`.
    """
    if shape.size is not None:
        at.at += shape.size
        return
    for _, form, _ in shape.attributes:
        _skip(at, form, encoding)


def _read_value(at: Cursor, form: int, encoding: Encoding) -> Value:
    """Read a value."""
    size = _fixed_bytes(form, encoding)
    if size is not None:
        return Value(form, at.unsigned(size))
    if form in _ULEB:
        return Value(form, at.uleb())
    if form == _SDATA:
        return Value(form, at.sleb())
    if form == _STRING:
        return Value(form, 0, at.text())
    _skip(at, form, encoding)
    return Value(form, 0)


def _skip(at: Cursor, form: int, encoding: Encoding) -> None:
    """Skip a value."""
    size = _fixed_bytes(form, encoding)
    if size is not None:
        at.at += size
    elif form in _ULEB or form == _SDATA:
        at.skip_uleb()
    elif form in _BLOCKS:
        size = at.unsigned(_BLOCKS[form]) if _BLOCKS[form] else at.uleb()
        at.at += size
    elif form == _STRING:
        at.text()
    else:
        raise ValueError("a value of an unknown form")
