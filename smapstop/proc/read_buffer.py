"""Buffer for the texts of a file of /proc that is read again and again, which knows where they differ."""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int64]
"""Byte offsets into a text."""

CHUNK_BYTES = 3400
"""Bytes per read: with 4096 or more the kernel formats the record that no longer fits in its page, discards it, and
formats it again in the next read (fs/seq_file.c; 8 to 25 % of the time)."""
WORD_BYTES = 8
"""Bytes per compared word."""
_PIECE_BYTES = 1 << 18
"""Bytes compared at a time; they should stay in the CPU cache."""
_WORDS_PER_CHANGE = 64
"""If more than one in this many words changed, the whole text counts as changed."""


class ReadBuffer:
    """Buffer for the last text. It is reused: fresh memory would cost a page fault per 4 kB of text.

    A text is read in pieces, each of which is compared with what it replaces, so two whole texts are never in memory.
    """

    def __init__(self) -> None:
        self._memory = np.empty(8 * CHUNK_BYTES, np.uint8)
        self._piece = np.empty(_PIECE_BYTES + CHUNK_BYTES, np.uint8)
        self._length = 0
        self._changes: list[Offsets] | None = None
        """Changed words since they were taken; None if the whole text changed."""

    @property
    def text(self) -> memoryview:
        """The last text; valid until the next one is read."""
        return self._memory.data[: self._length].toreadonly()

    def take_changes(self) -> Offsets | None:
        """Return the offsets of all words that differ from the text at the last call.

        A word that is equal again may be among them; words may overlap.

        Returns:
            `None` if the length differs, or too many words do.
        """
        changes, self._changes = self._changes, []
        return None if changes is None else np.concatenate([np.zeros(0, np.int64), *changes])

    def read(self, fd: int) -> memoryview:
        """Read a whole open file; the result is valid until the next text.

        Raises:
            OSError: As for read(2).
        """
        with io.FileIO(fd, closefd=False) as file:
            return self._fill(file.readinto)

    def replace(self, text: bytes | bytearray | memoryview) -> memoryview:
        """Store a text as if it had been read from a file."""
        return self._fill(io.BytesIO(text).readinto)

    def _fill(self, read_into: Callable[[memoryview], int | None]) -> memoryview:
        """Replace the text by one that is read in chunks; if that fails there is none."""
        length, changes, self._length, self._changes = self._length, self._changes, 0, None
        end = rest = words = 0
        is_whole = False
        while not is_whole:
            size, is_whole = self._read_piece(read_into, rest)
            rest = 0 if is_whole else size % WORD_BYTES
            piece = self._piece[: size - rest]
            if changes is not None and end + len(piece) <= length:
                changes.append(end + _find_differences(self._memory[end : end + len(piece)], piece))
                words += len(changes[-1])
            if changes is None or end + len(piece) > length or len(changes[-1]):
                self._store(end, piece)
            if words > length // WORD_BYTES // _WORDS_PER_CHANGE:
                changes = None
            end += len(piece)
            self._piece[:rest] = self._piece[size - rest : size]
        self._length, self._changes = end, changes if end == length else None
        return self.text

    def _read_piece(self, read_into: Callable[[memoryview], int | None], size: int) -> tuple[int, bool]:
        """Fill the piece, of which `size` bytes are known; return its size, and whether the text ends with it."""
        memory = self._piece.data
        while size < _PIECE_BYTES:
            count = read_into(memory[size : size + CHUNK_BYTES])
            if not count:
                return size, True
            size += count
        return size, False

    def _store(self, end: int, piece: NDArray[np.uint8]) -> None:
        """Store a piece at the end of what was read; the memory grows with it.

        From a megabyte on to a hundred at once: what is not written costs nothing, copying what is there would.
        """
        while end + len(piece) > len(self._memory):
            times = 64 if len(self._memory) >> 20 == 1 else 4
            larger = np.empty(times * len(self._memory), np.uint8)  # with huge pages where they are allowed
            larger[:end] = self._memory[:end]
            self._memory = larger
        self._memory[end : end + len(piece)] = piece


def _find_differences(old: NDArray[np.uint8], new: NDArray[np.uint8]) -> Offsets:
    """Return the offsets of words that differ in two pieces of equal length.

    The last word ends with the piece: it may overlap the one before, or begin before the piece.
    """
    whole = len(new) - len(new) % WORD_BYTES
    offsets = np.flatnonzero(old[:whole].view(np.uint64) != new[:whole].view(np.uint64)) * WORD_BYTES
    if whole == len(new) or np.array_equal(old[whole:], new[whole:]):
        return offsets
    return np.append(offsets, len(new) - WORD_BYTES)
