"""Incremental parsing: parse a text only where it differs from the last one."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Mappings
from smapstop.proc.read_buffer import WORD_BYTES, Offsets
from smapstop.proc.smaps.boundaries import IRREGULAR, parse_boundaries
from smapstop.proc.smaps.headers import HEADER_COLUMNS
from smapstop.proc.smaps.record_layout import RecordLayout, SmapsText

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
    """The n mappings in the text; fields may have been added to them."""


def parse_changes(reading: ParsedText, text: SmapsText, changes: Offsets) -> ParsedText | None:
    """Parse a text of the same length as the last one; `None` if it has to be parsed in full.

    Amounts are padded, so while no mapping is added or removed, a text keeps its length and everything in it its
    offset. Unchanged bytes were checked when they were first parsed; changed ones are checked in the same way.

    Args:
        reading: The last text, parsed.
        text: The text.
        changes: Offsets of the words in which they differ.
    """
    if not len(changes):
        return reading
    mappings = _patch_mappings(reading, text, changes)
    return None if mappings is None else replace(reading, mappings=mappings)


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
    values = mappings.amounts[:, rows]
    values[: len(amounts)] = amounts  # behind them are fields that were added
    return replace(mappings, amounts=_replace_rows(mappings.amounts, rows, values))


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
        mappings.strings,
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
