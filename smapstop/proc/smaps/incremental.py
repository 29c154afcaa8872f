"""Incremental parsing: compare each text with the last one and parse only where they differ."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Mappings
from smapstop.proc.smaps.boundaries import IRREGULAR, parse_boundaries
from smapstop.proc.smaps.headers import HEADER_COLUMNS, HeaderParser, Offsets
from smapstop.proc.smaps.record_layout import RecordLayout, SmapsText

WORD_BYTES = 8
"""Bytes per compared word."""
_WORDS_PER_CHUNK = 1 << 15
"""Words compared at a time; they should stay in the CPU cache."""
_WORDS_PER_DIFFERENCE = 64
"""If more than one in this many words differs, parsing the whole text is faster."""
T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class ParsedText:
    """A parsed text in which all but a few records share one layout."""

    layout: RecordLayout
    """Layout of its records."""
    starts: Offsets
    """Offsets of their fixed parts, shape (n,)."""
    irregular: NDArray[np.bool_]
    """Records with another layout, shape (n,)."""
    mappings: Mappings
    """The n mappings in the text."""


class IncrementalParser:
    """Parser that compares each text with the last one.

    Amounts are padded, so while no mapping is added or removed, a text keeps its length and everything in it its
    offset. Unchanged bytes were checked when they were first parsed; changed ones are checked in the same way.
    """

    def __init__(self) -> None:
        self._buffer = np.empty(0, np.uint8)
        self._text = self._buffer
        self._parsed: ParsedText | None = None

    def store(self, text: SmapsText, reading: ParsedText) -> None:
        """Store a reading and a copy of its text."""
        if len(self._buffer) < len(text):
            self._buffer = np.empty(len(text) + len(text) // 8, np.uint8)
        self._text = self._buffer[: len(text)]
        self._text[:] = np.frombuffer(text, np.uint8)
        self._parsed = reading

    def parse_next(self, text: SmapsText) -> Mappings | None:
        """Parse the next text and store it; `None` if it has to be parsed in full."""
        reading, new = self._parsed, np.frombuffer(text, np.uint8)
        if reading is None or len(new) != len(self._text):
            return None
        offsets = _find_differences(self._text, new)
        if offsets is None:
            return None
        if len(offsets):
            mappings = _patch_mappings(reading, text, offsets)
            if mappings is None:
                return None
            self._parsed = replace(reading, mappings=mappings)
            for byte in range(WORD_BYTES):
                self._text[offsets + byte] = new[offsets + byte]
        return self._parsed.mappings if self._parsed else None


def _find_differences(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> Offsets | None:
    """Return the offsets of words that differ in two texts of equal length; `None` if there are too many.

    The last word ends with the text and may overlap the one before.
    """
    count, last = len(old) // WORD_BYTES, len(old) - WORD_BYTES
    a, b = (text[: count * WORD_BYTES].view(np.uint64) for text in (old, new))
    offsets, words = list[Offsets](), 0
    for first in range(0, count, _WORDS_PER_CHUNK):
        differ = a[first : first + _WORDS_PER_CHUNK] != b[first : first + _WORDS_PER_CHUNK]
        if differ.any():
            offsets.append((np.flatnonzero(differ) + first) * WORD_BYTES)
            words += len(offsets[-1])
            if words > count // _WORDS_PER_DIFFERENCE:
                return None
    if last < 0 or not np.array_equal(old[last:], new[last:]):
        offsets.append(np.array([last]))
    return np.concatenate(offsets) if offsets else np.empty(0, np.int64)


def _patch_mappings(reading: ParsedText, text: SmapsText, offsets: Offsets) -> Mappings | None:
    """Apply the changed words of a text to a reading; `None` if the result is not certain to be right."""
    starts, ends = reading.starts, reading.starts + reading.layout.length
    mappings = _patch_boundaries(
        reading, text, _find_touched_spans(np.append(0, ends), np.append(starts, len(text)), offsets)
    )
    rows = _find_touched_spans(starts, ends, offsets)
    amounts, misfits = reading.layout.parse_amounts(text, starts[rows])
    if mappings is None or misfits.any() or reading.irregular[rows].any():
        return None
    return replace(mappings, amounts=_replace_rows(mappings.amounts, rows, amounts))


def _find_touched_spans(begins: Offsets, ends: Offsets, offsets: Offsets) -> NDArray[np.intp]:
    """Return which spans overlap any of the words; spans are consecutive and longer than a word."""
    first = np.searchsorted(ends, offsets, side="right")
    last = np.searchsorted(begins, offsets + (WORD_BYTES - 1), side="right") - 1
    touched, some = np.zeros(len(begins), np.bool_), first <= last
    touched[first[some]] = touched[last[some]] = True
    return np.flatnonzero(touched)


def _patch_boundaries(reading: ParsedText, text: SmapsText, changed: NDArray[np.intp]) -> Mappings | None:
    """Parse changed boundaries and update the flags of the record before and the header of the one after."""
    mappings, starts = reading.mappings, reading.starts
    if not len(changed):
        return mappings
    if changed[0] == 0 or changed[-1] == len(mappings):
        return None  # these two are half a boundary each and hardly ever change
    begins, ends = starts[changed - 1] + reading.layout.length, starts[changed] - 1
    parsed = parse_boundaries(
        [bytes(text[begin:end]) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)],
        HeaderParser(mappings.strings),
    )
    separated = bytes(text[end] for end in ends.tolist()) == b"\n" * len(ends)
    if parsed is None or not separated or reading.irregular[changed - 1].any() or (parsed.flags == IRREGULAR).any():
        return None
    columns = {part: _replace_rows(getattr(mappings, part), changed, parsed.headers[part]) for part in HEADER_COLUMNS}
    return replace(mappings, flags=_replace_rows(mappings.flags, changed - 1, parsed.flags), **columns)  # type: ignore[arg-type]


def _replace_rows(column: NDArray[T], rows: NDArray[np.intp], values: NDArray[T]) -> NDArray[T]:
    """Return a column, or columns, with new values in some rows; the same object if nothing changes."""
    if np.array_equal(column[..., rows], values):
        return column
    column = column.copy()
    column[..., rows] = values
    return column
