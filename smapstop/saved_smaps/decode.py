"""Decode a saved text to the bytes that the kernel printed: UTF-8 without a mark, lines that end with a newline."""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks, the longest first, and their encodings; Windows PowerShell writes UTF-16."""
_PROBE_BYTES = 256
_FEWEST_LETTERS = 4
"""Letters with a zero after each that make a text UTF-16 without a mark."""
_LINE_AFTER_CR = re.compile(rb"\r(?=[> \t]{0,20}(?:[0-9a-f]{4,16}-[0-9a-f]{4,16} |[A-Z][A-Za-z_]{1,20}:))")
_CRLF_LINE = re.compile(rb"(?: kB|:[0-9a-f]{1,16} [0-9]{1,20} *)\r{1,3}\n")
"""End of a line whose carriage return is not part of a name: an amount, or the header of a mapping without a name."""


def decode_text(data: bytes) -> bytes:
    """Decode a text whose encoding and line ends are unknown; a missing newline at its end is not added."""
    return _with_newlines(_as_utf8(data))


def _as_utf8(data: bytes) -> bytes:
    """Convert to UTF-8. Zeros at the begin are not text: a log was emptied while somebody wrote to it."""
    if data.startswith(codecs.BOM_UTF8):
        return data.removeprefix(codecs.BOM_UTF8)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.removeprefix(mark).decode(encoding, "replace").encode()
    first, second = data[:_PROBE_BYTES:2], data[1:_PROBE_BYTES:2]
    for zeros, letters, encoding in ((second, first, "utf-16-le"), (first, second, "utf-16-be")):
        if len(letters) >= _FEWEST_LETTERS and not any(zeros) and 0 not in letters:
            return data.decode(encoding, "replace").encode()
    return data.lstrip(b"\0")


def _with_newlines(data: bytes) -> bytes:
    """Convert the line ends of Windows, and of old Macs; a name may contain a carriage return."""
    if b"\r" not in data:
        return data
    if b"\n" not in data.rstrip(b"\r\n") and _LINE_AFTER_CR.search(data):
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _CRLF_LINE.search(data):
        for _ in range(3):  # some programs convert the end of a line that is converted already
            data = data.replace(b"\r\n", b"\n")
    return data
