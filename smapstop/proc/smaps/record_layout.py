"""Where everything stands in the fixed part of a record, and all records read at once by it.

The kernel pads every label and every amount, so from its first field to its last, one record of a text is laid out
like all the others. A layout is taken from one record and holds for another only if every byte that is not an amount
is the same and every amount is spaces and digits: both are compared, in all records, always.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Amounts
from smapstop.proc.fields import field_name
from smapstop.proc.smaps.lines import FIELD_LINE

SmapsText = bytes | bytearray | memoryview
"""A whole reading of smaps, in one piece."""
Words = NDArray[np.uint64]
"""Eight characters each; the first is the lowest byte."""

_RECORDS_PER_CHUNK = 1024
"""Records read at a time: they should stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordLayout:
    """The fixed part of a record.

    Records are compared by words: in a window that ends with the fixed part and begins up to seven bytes before it.
    """

    fields: tuple[str, ...]
    length: int
    """Bytes of the fixed part, without the last end of line."""
    separator: re.Pattern[bytes]
    """Matches an end of line, the first label, and as many bytes as the fixed part goes on."""
    template: Words
    """The window, 0x00 for what `compare_mask` leaves out; shape (words,)."""
    compare_mask: Words
    """0xff for each byte that is the same in all records: labels, units, ends of line; shape (words,)."""
    word_offsets: tuple[int, ...]
    """Where in the window the eight bytes begin that end with a field's last digit."""
    digits: Words
    """0xff for each of these bytes that belongs to the amount: for all, on most kernels; shape (fields, 1)."""

    def parse_amounts(self, text: SmapsText, starts: NDArray[np.int64]) -> tuple[Amounts, NDArray[np.bool_]]:
        """The amounts of all records, and which records are laid out otherwise, so that their amounts mean nothing.

        Args:
            text: A whole reading.
            starts: Where the fixed parts begin in it, shape (n,).

        Returns:
            Shapes (fields, n) and (n,).
        """
        n, size = len(starts), self.template.nbytes
        windows = np.ndarray((len(text) - size + 1,), f"V{size}", text, strides=(1,))
        amounts, otherwise = np.empty((len(self.word_offsets), n), np.int64), np.zeros(n, np.bool_)
        for first in range(0, n, _RECORDS_PER_CHUNK):
            rows = slice(first, first + _RECORDS_PER_CHUNK)
            chunk = windows[starts[rows] + (self.length - size)].view("<u8").reshape(-1, len(self.template))
            words = np.stack([np.ndarray(len(chunk), "<u8", chunk, place, size) for place in self.word_offsets])
            amounts[:, rows], wrong = parse_numbers(words, self.digits)
            differs = (chunk & self.compare_mask) != self.template
            if differs.any() or wrong.any():
                otherwise[rows] = differs.any(axis=1) | wrong.any(axis=0)
        return amounts, otherwise


def derive_record_layout(text: bytes) -> RecordLayout | None:
    """The layout of the first record in a text; None when it has none that can be used."""
    lines = text.split(b"\n")[1:]
    if lines and lines[0].startswith(b"Name:"):
        del lines[0]
    fixed, fields, ends, widths = bytearray(), list[str](), list[int](), list[int]()
    for line in lines:
        match = FIELD_LINE.fullmatch(line)
        if match is None:
            break
        label, (first, end) = line[: match.start(2)], match.span(2)
        amount = line[first:end][-8:]  # where this record has a wide amount, the others have one of eight characters
        fixed += label + amount
        fields.append(field_name(match[1].decode()))
        ends.append(len(fixed))
        widths.append(min(8, len(label) - len(label.rstrip(b" ")) + len(amount)))
        fixed += line[end:] + b"\n"
    if len(set(fields)) < max(1, len(fields)) or ends[0] < 8:
        return None
    return _build_layout(bytes(fixed[:-1]), tuple(fields), ends, widths)


def _build_layout(fixed: bytes, fields: tuple[str, ...], ends: list[int], widths: list[int]) -> RecordLayout:
    """The layout of a fixed part whose amounts have those ends and widths, in bytes."""
    before = -len(fixed) % 8
    compared = np.full(before + len(fixed), 0xFF, np.uint8)
    compared[:before] = 0
    for end, width in zip(ends, widths, strict=True):
        compared[before + end - width : before + end] = 0
    label = fixed[: fixed.index(b":") + 1]
    return RecordLayout(
        fields,
        len(fixed),
        re.compile(b"\n%s(?s:.{%d})" % (re.escape(label), len(fixed) - len(label))),
        (np.frombuffer(bytes(before) + fixed, np.uint8) & compared).view("<u8"),
        compared.view("<u8"),
        tuple(before + end - 8 for end in ends),
        np.array([[2**64 - 2 ** (64 - 8 * width)] for width in widths], np.uint64),
    )


def _repeat_byte(byte: int) -> np.uint64:
    """A word of eight equal bytes."""
    return np.uint64(byte * 0x0101010101010101)


def parse_numbers(words: Words, digits: Words) -> tuple[Words, NDArray[np.bool_]]:
    """The numbers that words say, and which of them say none.

    A number is spaces, then at least one digit. All eight characters are looked at in one step, as they stand in the
    word; none of the steps carries into a neighbour unless the word is wrong anyway.

    Args:
        words: Any shape.
        digits: 0xff for each byte to be looked at; the last ones of a word. Broadcast to the shape of `words`.
    """
    words = (words ^ _repeat_byte(ord(" "))) & digits  # a space is now 0x00, and a digit 0x10 … 0x19
    tens, units = words & _repeat_byte(0x10), words & _repeat_byte(0x0F)
    beyond = (words | (words + _repeat_byte(6))) & _repeat_byte(0xE0)  # more than 0x19
    follows = tens << np.uint64(8) | np.uint64(0x10 << 56)  # after a digit, and at the end, only a digit may stand
    wrong = beyond | ((units + _repeat_byte(0x0F) | follows) & _repeat_byte(0x10) & ~tens)  # 0x01 … 0x0f is no digit
    pairs = units * np.uint64(10 << 8 | 1) >> np.uint64(8) & np.uint64(0x00FF00FF00FF00FF)
    fours = pairs * np.uint64(100 << 16 | 1) >> np.uint64(16) & np.uint64(0x0000FFFF0000FFFF)
    return fours * np.uint64(10000 << 32 | 1) >> np.uint64(32), wrong != 0
