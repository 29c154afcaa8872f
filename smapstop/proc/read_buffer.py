"""Memory that a file of /proc is read into again and again."""

import io

import numpy as np

CHUNK_BYTES = 3400
"""How much to read at once: with 4096 or more the kernel prints the record that no longer fits in its page, throws
it away, and prints it again in the next read (fs/seq_file.c; 8 to 25 % of the time)."""


class ReadBuffer:
    """Holds the text of one reading. It is kept: fresh memory would cost a page fault for every 4 kB of text."""

    def __init__(self) -> None:
        self._buffer = np.empty(8 * CHUNK_BYTES, np.uint8).data

    def read(self, fd: int) -> memoryview:
        """The whole of an open file, as the kernel prints it now; it stands there until the next reading.

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
        """Four times the memory, with what was read; NumPy has it in huge pages where they are allowed."""
        larger = np.empty(4 * len(self._buffer), np.uint8).data
        larger[: len(self._buffer)] = self._buffer
        self._buffer = larger
        return larger
