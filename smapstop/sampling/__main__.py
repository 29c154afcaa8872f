"""Entry point of the sampler process: requests on stdin, ticks on stdout; it exits at end of stdin."""

import atexit
import gc
import signal
import sys
from contextlib import suppress

from smapstop.sampling.service import Service


def main() -> None:
    """Serve on stdin and stdout.

    The arguments are fds for a program to launch: the master and slave of its pty, or its standard input, output and
    error.
    """
    atexit.register(gc.freeze)  # see `cli.main`
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # sent to the reader's process group; when the reader exits, so do we
    with suppress(BrokenPipeError):  # the reader is gone
        Service(0, 1, tuple(map(int, sys.argv[1:]))).run()


if __name__ == "__main__":
    main()
