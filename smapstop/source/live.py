"""The live source: our sampler process, and the thread that reads its messages.

Imports little on purpose: the sampler is started first, and gets ready while the heavy modules are imported.
"""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from smapstop.model.marks import Mark, Unmark
from smapstop.model.protocol import GRACE_SECONDS, Detach, Failure, Request
from smapstop.numpy_import import single_threaded_numpy
from smapstop.proc.mount import require_proc

if TYPE_CHECKING:
    from smapstop.source.base import SourceMessage


_ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")))),
    "OPENBLAS_NUM_THREADS": "1",  # starting more threads would take longer than all other work
}
"""Environment of the sampler; launched programs get the user's. (-P: import no struct.py of the user's directory.)"""

_DETACH_SECONDS = 30.0
"""Time for the sampler to leave the launched program, which would end with it: it may be long on a busy machine."""


class LiveSource:
    """Sample a live process: owns the sampler process and the reader thread.

    Args:
        terminal: Master and slave of the pty for the program to launch.
        stdio: Without a pty, the fds for its standard input, output and error.

    Raises:
        SmapstopError: /proc is not mounted, or belongs to another pid namespace.
    """

    def __init__(self, terminal: tuple[int, int] | None = None, stdio: Sequence[int] = ()) -> None:
        require_proc()
        self.terminal_fd = terminal[0] if terminal else None
        """Master of that pty; the caller reads and closes it."""
        self._stderr = cast("IO[bytes]", tempfile.TemporaryFile())  # noqa: SIM115  (lives as long as the source)
        fds = terminal or tuple(map(os.dup, stdio))
        self._sampler = subprocess.Popen(
            [sys.executable, "-P", "-m", "smapstop.sampling", *map(str, fds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            pass_fds=fds,
            env=os.environ | _ENVIRONMENT,
        )
        for fd in fds[1:] if terminal else fds:
            os.close(fd)  # only the sampler holds it now: the pty hangs up when the program and its children are gone
        with single_threaded_numpy():  # while the sampler starts
            from smapstop.sampling.wire import Encoder

        self._encoder = Encoder()
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self, deliver: "Callable[[SourceMessage], object]") -> None:
        """Start the reader thread, which delivers the sampler's messages."""
        self._thread = threading.Thread(target=self._read, args=(deliver,), name="smapstop-reader", daemon=True)
        self._thread.start()

    def messages(self) -> "Iterator[SourceMessage]":
        """Read the sampler's messages until it ends; the last is a `Failure` unless we closed it."""
        from smapstop.sampling.wire import Decoder, read_frame

        decoder = Decoder()
        output = self._sampler.stdout
        assert output is not None
        while frame := read_frame(output.read):
            yield cast("SourceMessage", decoder.decode(*frame))
        if not self._closing:
            yield self._death_message()

    def request(self, request: Request) -> None:
        """Send a request to the sampler, unless it is closed; the reader thread reports when it is dead."""
        from smapstop.sampling.wire import write_all

        if self._closing or isinstance(request, Mark | Unmark):  # a mark is for recordings
            return
        assert self._sampler.stdin is not None
        with suppress(BrokenPipeError):
            write_all(self._sampler.stdin.fileno(), self._encoder.encode(request))

    def close(self) -> None:
        """End the sampler by closing its stdin, join the reader thread, and wait for the sampler.

        A sampler that does not end within the grace period (stopped, or in a long read) is killed.
        """
        self._end_within(GRACE_SECONDS)

    def _end_within(self, seconds: float) -> None:
        """Close, and kill a sampler that has not ended after some seconds."""
        self._closing = True
        assert self._sampler.stdin is not None
        assert self._sampler.stdout is not None
        self._sampler.stdin.close()
        if self._thread is not None:
            self._thread.join(seconds)
            if self._thread.is_alive():
                self._sampler.kill()
                self._thread.join()
        self._sampler.stdout.close()
        try:
            self._sampler.wait(seconds)
        except subprocess.TimeoutExpired:
            self._sampler.kill()
            self._sampler.wait()
        self._stderr.close()

    def detach(self) -> None:
        """Close, but leave the launched program running."""
        self.request(Detach())
        self._end_within(_DETACH_SECONDS)

    def _read(self, deliver: "Callable[[SourceMessage], object]") -> None:
        """Body of the reader thread: read and deliver messages."""
        for message in self.messages():
            if self._closing:
                return
            deliver(message)

    def _death_message(self) -> Failure:
        """Failure message for a sampler that died, with the last line of its stderr."""
        status = self._sampler.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        why = lines[-1] if lines else f"signal {-status}" if status < 0 else f"status {status}"
        return Failure(
            f"the sampler process died ({why})", "the samples so far are kept; restart smapstop to continue"
        )
