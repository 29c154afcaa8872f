"""Classify the lines of a saved text, without quotes, indentation, line numbers or the prefix of a log."""

import re
from dataclasses import replace
from enum import Enum, auto

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.added_fields import ADDED_PROPERTIES
from smapstop.proc.field import field_name
from smapstop.proc.fields import FIELD_BY_NAME


class LineKind(Enum):
    """Kind of a line of smaps."""

    HEADER = auto()
    """Header of a mapping."""
    FIELD = auto()
    """Label and number."""
    FLAGS = auto()
    """VmFlags."""
    TEXT = auto()
    """Label and text: `Name:`, or a line of a kernel to come."""
    DAMAGED_HEADER = auto()
    """Part of a header."""
    DAMAGED_FIELD = auto()
    """Label of a known field without its number."""
    BLANK = auto()
    OTHER = auto()
    """Not from smaps."""


@dataclass(frozen=True, slots=True)
class SavedLine:
    """One line."""

    kind: LineKind
    text: bytes
    """The line as the kernel printed it."""
    label: str = ""
    """Label of a field or text."""
    has_unit: bool = False
    """Whether the number is followed by kB."""
    is_amount: bool = False
    """Whether the label is that of an amount in kB."""
    prefix: bytes = b""
    """What stands before it."""


_HEX = rb"[0-9A-Fa-f]{1,16}"
_PERMS = rb"[r-][w-][x-][sp]"
_GAP = rb"(?:[ \t]|\xc2\xa0)+"
_HEADER = re.compile(
    rb"(%(hex)s-%(hex)s)%(gap)s(%(perms)s)%(gap)s(%(hex)s)%(gap)s([0-9A-Fa-f]+:[0-9A-Fa-f]+)%(gap)s([0-9]{1,20})"
    rb"(?:%(gap)s(.*))?" % {b"hex": _HEX, b"gap": _GAP, b"perms": _PERMS},
    re.DOTALL,
)
"""Addresses, permissions, offset, device, inode, name."""
_LABEL = rb"([A-Za-z][\w()-]*):"
_FIELD = re.compile(
    rb"(?!VmFlags:|Name:)" + _LABEL + rb"(?:[ \t]|\xc2\xa0)*([0-9]{1,18})((?:[ \t]|\xc2\xa0)kB)?[ \t]*"
)
_TIMES = (b"time", b"date", b"timestamp", b"epoch")
"""Labels of a number that is seconds since 1970."""
_TEXT = re.compile(_LABEL + rb"(.*)", re.DOTALL)
_DAMAGED_HEADER = re.compile(
    rb"[0-9a-f]{5,16}-[0-9a-f]{5,16}(?: |$)|.{0,60}?[0-9a-f]{4,16} %s [0-9a-f]{8,16} " % _PERMS
)
_ANSI = re.compile(rb"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|[=>()][A-B0-9]?)")
_GREP_COLOUR = b"\x1b[m\x1b[K"

_DATE = (
    rb"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?"
    rb"|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d)?\]?"
    rb"|\[ *\d+\.\d+\])"
)
_BODY = rb"(?=[0-9a-f]{4,16}-[0-9a-f]{4,16} |[A-Z][\w()]*:[ \t]*\d+(?: kB)?[ \t]*$|VmFlags:)"
_PREFIXES = (
    re.compile(rb"(?:[ \t>|]|\xc2\xa0|\xe2\x94\x82|\xef\xbb\xbf|\xe2\x80\x8b)+"),  # an indent, quotes, a frame
    re.compile(_DATE + rb"(?:[ \t]+[^\s]{1,80}){0,4}?[ \t]+" + _BODY),  # a log: host, program, stream
    re.compile(rb"[^\s:]{0,200}smaps[^\s:]{0,80}?[:-](?:\d{1,9}[:-])?" + _BODY),  # grep's file names
    re.compile(rb"\d{1,9}(?:[:-]|\t| {1,2})[ \t]*" + _BODY),  # grep -n, cat -n
    re.compile(rb"[\w.-]{1,80}[ \t]{1,40}\|[ \t]"),  # docker compose
)
_MOST_PREFIXES = 6


class LineReader:
    """Reads lines, each different one once."""

    def __init__(self) -> None:
        self._known: dict[bytes, SavedLine] = {}

    def read(self, raw: bytes) -> SavedLine:
        """Classify a line; lines of the kernel repeat, so they are remembered."""
        line = self._known.get(raw)
        if line is None:
            line = read_line(raw)
            if line.kind not in (LineKind.HEADER, LineKind.OTHER):
                self._known[raw] = line
        return line


def read_line(raw: bytes) -> SavedLine:
    """Classify a line; the damage of a line counts only where a header or field is expected."""
    line = None if _GREP_COLOUR in raw else _kernel_line(raw)
    if line is not None:
        return line
    rest = plain = _ANSI.sub(b"", raw) if b"\x1b" in raw else raw
    for _ in range(_MOST_PREFIXES):
        line = _kernel_line(rest)
        if line is not None:
            return replace(line, prefix=plain[: len(plain) - len(rest)])
        stripped = _without_prefix(rest)
        if len(stripped) == len(rest):
            break
        rest = stripped
    return _other_line(rest, plain[: len(plain) - len(rest)])


def _without_prefix(line: bytes) -> bytes:
    """Remove one thing that stands before a line."""
    for prefix in _PREFIXES:
        match = prefix.match(line)
        if match is not None:
            return line[match.end() :]
    return line


def _kernel_line(line: bytes) -> SavedLine | None:
    """Read a whole line of smaps; None if it is not one."""
    match = _FIELD.fullmatch(line)
    if match is not None:
        label, number, unit = match.groups()
        is_time = label.lower() in _TIMES and unit is None
        is_added = field_name(label.decode()) in ADDED_PROPERTIES  # by smapstop, never by a kernel
        kind = LineKind.TEXT if is_time or is_added else LineKind.FIELD
        text = b"%s: %s%s" % (label, number, b" kB" if unit else b"")
        known = FIELD_BY_NAME.get(field_name(label.decode()))
        return SavedLine(kind, text, label.decode(), unit is not None, known is not None and known.unit != "")
    match = _HEADER.fullmatch(line)
    if match is not None:
        addresses, perms, offset, device, inode, name = match.groups()
        head = b" ".join((addresses.lower(), perms, offset.lower(), device.lower(), inode))
        return SavedLine(LineKind.HEADER, head if name is None else b"%s %s" % (head, name))
    if line.startswith(b"VmFlags:"):
        return SavedLine(LineKind.FLAGS, line.replace(b"\xc2\xa0", b" "), "VmFlags")
    if line.startswith(b"Name:"):
        return SavedLine(LineKind.TEXT, line, "Name")
    return None


def _other_line(line: bytes, prefix: bytes) -> SavedLine:
    """Classify a line that is neither a whole header nor a field."""
    if not line.strip(b" \t\r\v\f\xc2\xa0"):
        return SavedLine(LineKind.BLANK, line)
    if _DAMAGED_HEADER.match(line):
        return SavedLine(LineKind.DAMAGED_HEADER, line, prefix=prefix)
    match = _TEXT.fullmatch(line)
    if match is None:
        return SavedLine(LineKind.OTHER, line, prefix=prefix)
    label = match[1].decode()
    kind = LineKind.DAMAGED_FIELD if field_name(label) in FIELD_BY_NAME else LineKind.TEXT
    return SavedLine(kind, line, label, prefix=prefix)
