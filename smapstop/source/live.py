"""The live source: a sampler process of our own, and the thread that reads what it tells.

Light on purpose: the sampler is started before anything heavy is imported, and gets ready meanwhile.
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

from smapstop.model.protocol import GRACE_SECONDS, Detach, Failure, Request
from smapstop.proc.mount import require_proc

if TYPE_CHECKING:
    from smapstop.source.base import SourceMessage


_ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")))),
    "OPENBLAS_NUM_THREADS": "1",  # starting more threads takes longer than everything else
}
"""Of the sampler; -P keeps a struct.py in the user's directory from being its own. A program gets the user's."""


class LiveSource:
    """A source that samples: it owns the sampler process and the one reader thread.

    Args:
        terminal: The master and slave of the pty on which a program will be launched.
        stdio: Without one, what shall be its standard input, output and error.

    Raises:
        SmapstopError: /proc is not mounted, or another pid namespace's.
    """

    def __init__(self, terminal: tuple[int, int] | None = None, stdio: Sequence[int] = ()) -> None:
        require_proc()
        self.terminal_fd = terminal[0] if terminal else None
        """The master of that pty; the source's caller reads and closes it."""
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
            os.close(fd)  # the sampler's now: when the program and its children are gone, so is the terminal
        # numpy, which the rest needs, is imported while the sampler starts
        from smapstop.sampling.wire import Encoder

        self._encoder = Encoder()
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self, deliver: "Callable[[SourceMessage], object]") -> None:
        """Deliver the sampler's news, from the reader thread."""
        self._thread = threading.Thread(target=self._read, args=(deliver,), name="smapstop-reader", daemon=True)
        self._thread.start()

    def messages(self) -> "Iterator[SourceMessage]":
        """The sampler's news, until it ends; the last is a failure when it ended by itself."""
        from smapstop.sampling.wire import Decoder, read_frame

        decoder = Decoder()
        output = self._sampler.stdout
        assert output is not None
        while frame := read_frame(output.read):
            yield cast("SourceMessage", decoder.decode(*frame))
        if not self._closing:
            yield self._death_message()

    def request(self, request: Request) -> None:
        """Ask the sampler; it may be dead already, which the reader thread tells."""
        from smapstop.sampling.wire import write_all

        assert self._sampler.stdin is not None
        with suppress(BrokenPipeError):
            write_all(self._sampler.stdin.fileno(), self._encoder.encode(request))

    def close(self) -> None:
        """End the sampler by closing its input, wait for it, and join the reader.

        One that does not end soon is stopped, or reads what takes the kernel long: it is killed.
        """
        self._closing = True
        assert self._sampler.stdin is not None
        assert self._sampler.stdout is not None
        self._sampler.stdin.close()
        if self._thread is not None:
            self._thread.join(GRACE_SECONDS)
            if self._thread.is_alive():
                self._sampler.kill()
                self._thread.join()
        self._sampler.stdout.close()
        try:
            self._sampler.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._sampler.kill()
            self._sampler.wait()
        self._stderr.close()

    def detach(self) -> None:
        """End like `close`, but let the launched program go on."""
        self.request(Detach())
        self.close()

    def _read(self, deliver: "Callable[[SourceMessage], object]") -> None:
        """The reader thread: blocks in read, and delivers."""
        for news in self.messages():
            if self._closing:
                return
            deliver(news)

    def _death_message(self) -> Failure:
        """Why the sampler ended by itself: the last line that it left."""
        status = self._sampler.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().decode(errors="replace").strip().splitlines()
        why = lines[-1] if lines else f"signal {-status}" if status < 0 else f"status {status}"
        return Failure(f"the sampler process died ({why})", "what was sampled stays; start smapstop again for more")
