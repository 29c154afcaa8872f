"""Non-blocking I/O on the master of a pseudo-terminal (pty(7)), in short turns that do not block the event loop."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Protocol

from smapstop.pseudo_terminal import resize_terminal

TURN_SECONDS = 0.006
"""Longest time that the program's output may block the event loop at once."""
TURN_BYTES = 1 << 18
"""Approximate limit of what is read in one turn."""
QUEUE_BYTES = 1 << 16
"""Input queued for a program that does not read; more is dropped, as on a real terminal."""
_READ_BYTES = 1 << 16
_FEED_BYTES = 1024


class Consumer(Protocol):
    """Consumer of a program's output, such as a terminal emulator."""

    def skim(self, data: bytes) -> bytes:
        """Return the part of `data` that has to be fed; called before the first `feed` of that data."""

    def feed(self, data: bytes) -> object:
        """Process output."""


class PtyStream:
    """Read a program's output and write its input, without ever waiting for the program.

    Output is fed to a consumer for a few milliseconds a turn. No more is read until all of it has been fed, so that
    the kernel blocks a program that writes faster than it can be shown.

    Args:
        master_fd: The master of the pty. From `start` to `stop` only the stream reads and writes it; closing it is
            up to the caller.
        on_turn: Called after each turn.
        on_end: Called when no process has the terminal open any more and all output has been fed.
    """

    def __init__(self, master_fd: int, *, on_turn: Callable[[], object], on_end: Callable[[], object]) -> None:
        self.bytes_read = 0
        """Bytes of output read so far."""
        self._fd = master_fd
        self._on_turn, self._on_end = on_turn, on_end
        self._consumer: Consumer | None = None
        self._unfed = b""
        self._unsent = b""
        self._open = True
        self._turn: asyncio.Handle | None = None

    def start(self, consumer: Consumer) -> None:
        """Start to read and to feed a consumer."""
        self._consumer = consumer
        os.set_blocking(self._fd, False)
        asyncio.get_running_loop().add_reader(self._fd, self._take_turn)

    def stop(self) -> None:
        """Stop reading and writing; the terminal stays open."""
        self._consumer = None
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        if self._turn is not None:
            self._turn.cancel()

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the terminal; the kernel signals it to the program (SIGWINCH)."""
        resize_terminal(self._fd, rows, columns)

    def take_unfed(self) -> bytes:
        """Remove and return output that was read but not fed yet."""
        data, self._unfed = self._unfed, b""
        return data

    def reopen(self, data: bytes) -> None:
        """Serve another program on the same terminal.

        Args:
            data: Fed before the output of that program.
        """
        self._unfed += data
        self._unsent = b""
        self._open = True
        if self._turn is None and self._consumer is not None:
            self._schedule_turn()

    # output of the program

    def _take_turn(self) -> None:
        """Feed output for one turn; read more first if everything read so far is fed."""
        assert self._consumer is not None
        end = time.perf_counter() + TURN_SECONDS
        if not self._unfed:
            self._unfed = self._consumer.skim(self._read(end - TURN_SECONDS / 2))
        while self._unfed and time.perf_counter() < end:
            self._consumer.feed(self._unfed[:_FEED_BYTES])
            self._unfed = self._unfed[_FEED_BYTES:]
        self._on_turn()
        self._schedule_turn()

    def _read(self, end: float) -> bytes:
        """Read the available output until `end`, and note when no process has the terminal open any more."""
        pieces: list[bytes] = []
        size = 0
        while size < TURN_BYTES and time.perf_counter() < end:
            try:
                piece = os.read(self._fd, _READ_BYTES)
            except BlockingIOError:
                break
            except OSError:  # EIO, see pty(7)
                piece = b""
            if not piece:
                self._open = False
                break
            pieces.append(piece)
            size += len(piece)
        self.bytes_read += size
        return b"".join(pieces)

    def _schedule_turn(self) -> None:
        """Schedule the next turn: after other callbacks if output is left, else when some arrives; not at the end."""
        loop = asyncio.get_running_loop()
        self._turn = None
        if self._unfed:
            loop.remove_reader(self._fd)
            self._turn = loop.call_soon(self._take_turn)
        elif self._open:
            loop.add_reader(self._fd, self._take_turn)
        else:
            loop.remove_reader(self._fd)
            self._on_end()

    # input of the program

    def send(self, data: bytes) -> None:
        """Send input as soon as the terminal has room for it."""
        if self._consumer is not None:
            self._unsent = (self._unsent + data)[:QUEUE_BYTES]
            self._flush()

    def _flush(self) -> None:
        """Write as much as the terminal accepts; wait for room only while something is left."""
        try:
            self._unsent = self._unsent[os.write(self._fd, self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:  # EIO: no process has the terminal open
            self._unsent = b""
        loop = asyncio.get_running_loop()
        if self._unsent:
            loop.add_writer(self._fd, self._flush)
        else:
            loop.remove_writer(self._fd)
