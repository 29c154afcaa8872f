"""The last reading of a process, kept as text: the next one is compared with it, and read only where it differs."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Mappings
from smapstop.proc.smaps.boundaries import IRREGULAR, parse_boundaries
from smapstop.proc.smaps.headers import HEADER_COLUMNS
from smapstop.proc.smaps.record_layout import RecordLayout, SmapsText

WORD_BYTES = 8
"""Texts are compared by words of so many bytes."""
_WORDS_PER_CHUNK = 1 << 15
"""Words compared at a time: they should stay in the processor's cache."""
_WORDS_PER_DIFFERENCE = 64
"""Where more than one of so many words differs, reading all is quicker."""
T = TypeVar("T", bound=np.generic)
Offsets = NDArray[np.int64]
"""Places in a text, bytes from its beginning."""


@dataclass(frozen=True, slots=True, eq=False)
class ParsedText:
    """A text whose records, but for a few, are laid out alike, and what it says."""

    layout: RecordLayout
    """How its records are laid out."""
    starts: Offsets
    """Where their fixed parts begin in the text, shape (n,)."""
    irregular: NDArray[np.bool_]
    """The records that are laid out otherwise, shape (n,)."""
    mappings: Mappings
    """What the text says, n of them."""


class IncrementalParser:
    """Keeps a reading with its text.

    Amounts are padded, so a text stays as long as it was while no mapping comes or goes, and everything stays where
    it was. What is the same was checked when it was first parsed; what differs is checked in the same way.
    """

    def __init__(self) -> None:
        self._buffer = np.empty(0, np.uint8)
        self._text = self._buffer
        self._parsed: ParsedText | None = None

    def store(self, text: SmapsText, reading: ParsedText) -> None:
        """Remember a reading and its text, which is copied."""
        if len(self._buffer) < len(text):
            self._buffer = np.empty(len(text) + len(text) // 8, np.uint8)
        self._text = self._buffer[: len(text)]
        self._text[:] = np.frombuffer(text, np.uint8)
        self._parsed = reading

    def parse_next(self, text: SmapsText) -> Mappings | None:
        """The mappings in the next text, which is kept then; None when all of it has to be read."""
        reading, new = self._parsed, np.frombuffer(text, np.uint8)
        if reading is None or len(new) != len(self._text):
            return None
        places = _find_differences(self._text, new)
        if places is None:
            return None
        if len(places):
            mappings = _patch_mappings(reading, text, places)
            if mappings is None:
                return None
            self._parsed = replace(reading, mappings=mappings)
            for byte in range(WORD_BYTES):
                self._text[places + byte] = new[places + byte]
        return self._parsed.mappings if self._parsed else None


def _find_differences(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> Offsets | None:
    """Where words begin that differ in two texts of the same length; None when they are many.

    The last word ends with the text, and may share bytes with the one before.
    """
    count, last = len(old) // WORD_BYTES, len(old) - WORD_BYTES
    a, b = (text[: count * WORD_BYTES].view(np.uint64) for text in (old, new))
    found, words = list[Offsets](), 0
    for first in range(0, count, _WORDS_PER_CHUNK):
        differ = a[first : first + _WORDS_PER_CHUNK] != b[first : first + _WORDS_PER_CHUNK]
        if differ.any():
            found.append((np.flatnonzero(differ) + first) * WORD_BYTES)
            words += len(found[-1])
            if words > count // _WORDS_PER_DIFFERENCE:
                return None
    if last < 0 or not np.array_equal(old[last:], new[last:]):
        found.append(np.array([last]))
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _patch_mappings(reading: ParsedText, text: SmapsText, places: Offsets) -> Mappings | None:
    """What a text says in which some words differ from a reading's; None when that is not certain."""
    starts, ends = reading.starts, reading.starts + reading.layout.length
    mappings = _patch_boundaries(
        reading, text, _find_touched_spans(np.append(0, ends), np.append(starts, len(text)), places)
    )
    rows = _find_touched_spans(starts, ends, places)
    amounts, otherwise = reading.layout.parse_amounts(text, starts[rows])
    if mappings is None or otherwise.any() or reading.irregular[rows].any():
        return None
    return replace(mappings, amounts=_replace_rows(mappings.amounts, rows, amounts))


def _find_touched_spans(begins: Offsets, ends: Offsets, places: Offsets) -> NDArray[np.intp]:
    """Which of some spans, one after the other and longer than a word, share a byte with some words."""
    first = np.searchsorted(ends, places, side="right")
    last = np.searchsorted(begins, places + (WORD_BYTES - 1), side="right") - 1
    touched, some = np.zeros(len(begins), np.bool_), first <= last
    touched[first[some]] = touched[last[some]] = True
    return np.flatnonzero(touched)


def _patch_boundaries(reading: ParsedText, text: SmapsText, gaps: NDArray[np.intp]) -> Mappings | None:
    """The mappings, with what some gaps say now: the flags of the record before and the header of the one after."""
    mappings, starts = reading.mappings, reading.starts
    if not len(gaps):
        return mappings
    if gaps[0] == 0 or gaps[-1] == len(mappings):
        return None  # these two are half a gap each, and hardly ever change
    begins, ends = starts[gaps - 1] + reading.layout.length, starts[gaps] - 1
    parsed = parse_boundaries(
        [bytes(text[begin:end]) for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)], mappings.strings
    )
    apart = bytes(text[end] for end in ends.tolist()) == b"\n" * len(ends)
    if parsed is None or not apart or reading.irregular[gaps - 1].any() or (parsed.flags == IRREGULAR).any():
        return None
    columns = {part: _replace_rows(getattr(mappings, part), gaps, parsed.headers[part]) for part in HEADER_COLUMNS}
    return replace(mappings, flags=_replace_rows(mappings.flags, gaps - 1, parsed.flags), **columns)  # type: ignore[arg-type]


def _replace_rows(column: NDArray[T], rows: NDArray[np.intp], values: NDArray[T]) -> NDArray[T]:
    """A column, or columns, with other values in some rows; the same object when they are what they were."""
    if np.array_equal(column[..., rows], values):
        return column
    column = column.copy()
    column[..., rows] = values
    return column
