"""A shell elsewhere that lives as long as it is needed, and answers one request after the other."""

import errno
import os
import secrets
import select
import shlex
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import IO, Self, cast

from smapstop.errors import SmapstopError
from smapstop.proc.remote.script import (
    Answer,
    first_line,
    functions_line,
    hello_of,
    last_mark,
    parse_answers,
    request_line,
)

START_SECONDS = 30.0
"""Time for a command to give a shell; it may ask for a password before."""
RETRY_SECONDS = 5.0
"""Time for it to give one again: nobody is asked then."""
_ANSWER_SECONDS = 20.0
"""Time without a byte after which a connection is broken."""
_END_SECONDS = 1.0
"""Time for a command to end by itself when it is no longer needed."""
_CHUNK_BYTES = 1 << 16
_MOST_BANNER_BYTES = 1 << 20
_LONGEST_SHOWN = 160
_REMEDY = "give a command that runs a POSIX shell there: --via 'ssh box', --via 'docker exec -i NAME sh'"


class ConnectionLostError(ConnectionError):
    """The shell has ended, or no longer answers; its text says what is known."""

    def __init__(self, what: str) -> None:
        super().__init__(errno.ECONNRESET, what)

    def __str__(self) -> str:
        return str(self.strerror)


@contextmanager
def require_sense() -> Iterator[None]:
    """Take an answer that makes no sense for a connection that is lost: whoever answers may be anybody.

    Raises:
        ConnectionLostError: It makes no sense.
    """
    try:
        yield
    except (ValueError, IndexError, OverflowError) as error:
        raise ConnectionLostError("what is answered makes no sense") from error


class RemoteShell:
    """A POSIX shell that a command gives; use it in a `with` statement, or close it.

    All that it answers is framed by a random word, which nobody there can know: names, banners and half lines cannot
    be taken for an answer.

    Args:
        command: The command, in the words of a shell: `ssh box`, `docker exec -i c sh`, `sudo sh`.
        start_seconds: Time for it to give a shell.
        may_ask: Whether it may ask the user for a password, on the terminal.

    Raises:
        SmapstopError: It gives no shell.
    """

    def __init__(self, command: str, start_seconds: float = START_SECONDS, *, may_ask: bool = True) -> None:
        self.command = command
        words = _split(command)
        self._stderr = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115  (lives as long as the shell)
        try:
            self._process = subprocess.Popen(
                words,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                start_new_session=not may_ask,
            )
        except OSError as error:
            self._stderr.close()
            raise self.failure(f"cannot start {words[0]}: {error.strerror}") from error
        self._is_closed = False
        self._lock = threading.Lock()
        self._word = secrets.token_hex(16)
        try:
            self._begin(start_seconds)
        except ConnectionLostError as error:
            self.close()
            raise self.failure(str(error)) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def request(self, *calls: str) -> list[Answer]:
        """Call functions of the script, in one round trip.

        Raises:
            ConnectionLostError: The shell has ended, or does not answer.
        """
        if self._is_closed:
            raise ConnectionLostError("the connection is lost")
        with self._lock:  # the picker lists in one thread, and checks in another
            try:
                self._write(request_line(calls))
                with require_sense():
                    return parse_answers(self._read_until(last_mark(self._word), _ANSWER_SECONDS), self._word, calls)
            except ConnectionLostError:
                self._is_closed = True  # what comes late must not be taken for the next answer
                raise

    def failure(self, what: str, remedy: str = _REMEDY) -> SmapstopError:
        """Make the error that the user sees."""
        return SmapstopError(f"--via {_excerpt(self.command)!r}: {what}", remedy)

    def close(self) -> None:
        """End the shell: it reads the end of its input; what does not end then is ended."""
        self._is_closed = True
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        for end in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                end()
        self._process.wait()
        self._stderr.close()

    def _begin(self, seconds: float) -> None:
        """Wait until there is a shell, and define the functions in it."""
        number = secrets.token_hex(8)
        line, hello = first_line(number), hello_of(number)
        self._write(line)
        deadline, said = time.monotonic() + seconds, bytearray()
        while hello + b"\n" not in said:
            if hello + b"\r\n" in said or line.strip() + b"\r\n" in said:
                what = "it opens a terminal, which changes what goes through it"
                raise self.failure(what, "leave out -t, as in docker exec -i NAME sh")
            if line in said:
                raise ConnectionLostError("it is no shell: it repeats its input")
            if len(said) > _MOST_BANNER_BYTES:
                raise ConnectionLostError("it is no shell: it says very much else")
            chunk = self._read(max(0.0, deadline - time.monotonic()))
            if not chunk:
                raise ConnectionLostError(f"no shell has answered within {seconds:.0f} s")
            said += chunk
        self._write(functions_line(self._word))

    def _write(self, data: bytes) -> None:
        """Send a line."""
        assert self._process.stdin is not None
        try:
            while data:
                data = data[os.write(self._process.stdin.fileno(), data) :]
        except OSError as error:
            raise self._lost() from error

    def _read_until(self, mark: bytes, seconds: float) -> bytes:
        """Read up to a mark, which is the last that is sent."""
        data = bytearray()
        while not data.endswith(mark):
            chunk = self._read(seconds)
            if not chunk:
                raise ConnectionLostError(f"the shell has not answered for {seconds:.0f} s")
            data += chunk
        return bytes(data)

    def _read(self, seconds: float) -> bytes:
        """Read what has come, waiting for it; empty if nothing comes in time."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return b""
        chunk = os.read(self._process.stdout.fileno(), _CHUNK_BYTES)
        if not chunk:
            raise self._lost()
        return chunk

    def _lost(self) -> ConnectionLostError:
        """The error that the command has ended, with the last that it said about it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        status = self._process.poll()
        how = "" if status is None else f" (signal {-status})" if status < 0 else f" (status {status})"
        return ConnectionLostError(_excerpt(lines[-1].strip()) if lines else f"it has ended{how}")


def _split(command: str) -> list[str]:
    """Split a command into words.

    Raises:
        SmapstopError: There are none, or a quote is not closed.
    """
    with suppress(ValueError):
        if words := shlex.split(command):
            return words
    raise SmapstopError(f"--via {command!r} is no command", _REMEDY)


def _excerpt(text: str) -> str:
    """The beginning of a text that may be long."""
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
