"""Layout of the fixed part of a record, used to parse the amounts of all records at once.

The kernel pads every label and amount, so all records of a text share one layout from the first field to the last. A
layout is derived from one record and applies to another only if every byte outside the amounts is equal and every
amount is spaces and digits. Both are always checked, in every record.
"""

import re

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Amounts
from smapstop.proc.field import field_name
from smapstop.proc.smaps.lines import FIELD_LINE

SmapsText = bytes | bytearray | memoryview
"""A complete reading of smaps."""
Words = NDArray[np.uint64]
"""Words of eight characters each; the first is the lowest byte."""

_RECORDS_PER_BLOCK = 1024
"""Records parsed at a time; they should stay in the CPU cache."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordLayout:
    """Layout of a record's fixed part.

    Records are compared word by word, in a window that begins up to seven bytes before the fixed part and ends with
    it.
    """

    fields: tuple[str, ...]
    length: int
    """Bytes of the fixed part, without the last newline."""
    separator: re.Pattern[bytes]
    """Matches a newline, the first label, and the rest of the fixed part by its length."""
    template: Words
    """The window, with 0x00 for bytes outside `compare_mask`; shape (words,)."""
    compare_mask: Words
    """0xff for each byte that is equal in all records: labels, units, newlines; shape (words,)."""
    word_offsets: tuple[int, ...]
    """Offset in the window of the eight bytes that end with each field's last digit."""
    digits: Words
    """0xff for each of these bytes that belongs to the amount (all eight on most kernels); shape (fields, 1)."""

    def parse_amounts(self, text: SmapsText, starts: NDArray[np.int64]) -> tuple[Amounts, NDArray[np.bool_]]:
        """Parse the amounts of all records, and find the records with another layout, whose amounts are invalid.

        Args:
            text: A whole reading.
            starts: Offsets of the fixed parts, shape (n,).

        Returns:
            Amounts, shape (fields, n), and misfits, shape (n,).
        """
        n, size = len(starts), self.template.nbytes
        windows = np.ndarray((len(text) - size + 1,), f"V{size}", text, strides=(1,))
        amounts, misfits = np.empty((len(self.word_offsets), n), np.int64), np.zeros(n, np.bool_)
        for first in range(0, n, _RECORDS_PER_BLOCK):
            rows = slice(first, first + _RECORDS_PER_BLOCK)
            block = windows[starts[rows] + (self.length - size)].view("<u8").reshape(-1, len(self.template))
            words = np.stack([np.ndarray(len(block), "<u8", block, offset, size) for offset in self.word_offsets])
            wrong = parse_numbers(words, self.digits)
            amounts[:, rows] = words
            block &= self.compare_mask
            differs = block != self.template
            if differs.any() or wrong.any():
                misfits[rows] = differs.any(axis=1) | wrong.any(axis=0)
        return amounts, misfits


def derive_record_layout(text: bytes) -> RecordLayout | None:
    """Derive the layout from the first record of a text; `None` if it is not usable."""
    lines = text.split(b"\n")[1:]
    if lines and lines[0].startswith(b"Name:"):
        del lines[0]
    fixed, fields, ends, widths = bytearray(), list[str](), list[int](), list[int]()
    for line in lines:
        match = FIELD_LINE.fullmatch(line)
        if match is None:
            break
        label, (first, end) = line[: match.start(2)], match.span(2)
        amount = line[first:end][-8:]  # if it is wider in this record, it is eight characters in the others
        fixed += label + amount
        fields.append(field_name(match[1].decode()))
        ends.append(len(fixed))
        widths.append(min(8, len(label) - len(label.rstrip(b" ")) + len(amount)))
        fixed += line[end:] + b"\n"
    if len(set(fields)) < max(1, len(fields)) or ends[0] < 8:
        return None
    return _build_layout(bytes(fixed[:-1]), tuple(fields), ends, widths)


def _build_layout(fixed: bytes, fields: tuple[str, ...], ends: list[int], widths: list[int]) -> RecordLayout:
    """Build the layout of a fixed part from the ends and widths of its amounts, bytes."""
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
    """Return a word of eight equal bytes."""
    return np.uint64(byte * 0x0101010101010101)


def parse_numbers(words: Words, digits: Words) -> NDArray[np.bool_]:
    """Parse words in place as right-aligned decimal numbers; return which words are not numbers.

    A number is spaces, then at least one digit. All eight characters are processed at once within the word (SWAR);
    no step carries into the next byte unless the word is invalid anyway. In place, since malloc may
    return fresh memory to the kernel after each step.

    Args:
        words: Any shape.
        digits: 0xff for each byte to be parsed, the last ones of a word. Broadcast to the shape of `words`.
    """
    words ^= _repeat_byte(ord(" "))
    words &= digits  # a space is now 0x00, and a digit 0x10 … 0x19
    wrong = words + _repeat_byte(6)
    wrong |= words
    wrong &= _repeat_byte(0xE0)  # more than 0x19
    tens = words & _repeat_byte(0x10)
    follows = tens << np.uint64(8)
    follows |= np.uint64(0x10 << 56)  # required: after a digit, and last
    words &= _repeat_byte(0x0F)
    follows |= words + _repeat_byte(0x0F)  # 0x01 … 0x0f is not a digit
    follows &= _repeat_byte(0x10)
    follows &= np.invert(tens, out=tens)
    wrong |= follows
    for factor, shift, parts in _PAIR_STEPS:
        words *= factor
        words >>= shift
        words &= parts
    is_wrong: NDArray[np.bool_] = wrong != 0
    return is_wrong


_PAIR_STEPS = tuple(
    (np.uint64(10**digits << 8 * digits | 1), np.uint64(8 * digits), np.uint64(parts))
    for digits, parts in ((1, 0x00FF00FF00FF00FF), (2, 0x0000FFFF0000FFFF), (4, 0x00000000FFFFFFFF))
)
"""Multiplier, shift and mask that join neighbouring digits to pairs, pairs to fours, and fours to eight."""
