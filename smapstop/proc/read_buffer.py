"""Reusable buffer for reading files of /proc."""

import io

import numpy as np

CHUNK_BYTES = 3400
"""Bytes per read: with 4096 or more the kernel formats the record that no longer fits in its page, discards it, and
formats it again in the next read (fs/seq_file.c; 8 to 25 % of the time)."""


class ReadBuffer:
    """Buffer for the text of one reading. It is reused: fresh memory would cost a page fault per 4 kB of text."""

    def __init__(self) -> None:
        self._buffer = np.empty(8 * CHUNK_BYTES, np.uint8).data

    def read(self, fd: int) -> memoryview:
        """Read a whole open file; the result is valid until the next call.

        Raises:
            OSError: As for read(2).
        """
        memory, end = self._buffer, 0
        with io.FileIO(fd, closefd=False) as file:
            read_into = file.readinto
            while count := read_into(memory[end : end + CHUNK_BYTES]):
                end += count
                if end + CHUNK_BYTES > len(memory):
                    memory = self._grow()
        return memory[:end].toreadonly()

    def _grow(self) -> memoryview:
        """Grow the buffer, keeping its contents; NumPy uses huge pages where they are allowed.

        From a megabyte on to a hundred at once: what is not written costs nothing, copying what is there would.
        """
        times = 64 if len(self._buffer) >> 20 == 1 else 4
        larger = np.empty(times * len(self._buffer), np.uint8).data
        larger[: len(self._buffer)] = self._buffer
        self._buffer = larger
        return larger
