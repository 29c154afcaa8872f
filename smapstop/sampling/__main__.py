"""The sampler process: requests come in on stdin, ticks go out on stdout, and the end of stdin ends it."""

import signal
import sys
from contextlib import suppress

from smapstop.sampling.service import Service


def main() -> None:
    """Serve on stdin and stdout.

    Fds may be named for a program to launch: the master and slave of its terminal, or its standard input, output and
    error.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are meant for the reader, whose end is ours, too
    with suppress(BrokenPipeError):  # the reader is gone
        Service(0, 1, tuple(map(int, sys.argv[1:]))).run()


if __name__ == "__main__":
    main()
