"""Reads mangled names as lines, and writes them as their language has them; a program of its own, see `demangling`.

The names come from files that may be anybody's: one of 230 letters stands for one of 142 million. So there are limits
of time and memory, and what they end is this process, not one that anybody waits for.
"""

import resource
import signal
import sys

CPU_SECONDS_PER_NAME = 0.2
"""CPU time of a name; one that takes longer is the last one."""
_SECONDS = 2
"""CPU time of all of them."""
_MAX_MEMORY_BYTES = 256 << 20
_MAX_NAME_BYTES = 4096
"""A longer name is not told."""


def main() -> None:
    """Answer each line with a line: the name, or nothing when it is none. Nothing at all without pydemumble."""
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        from pydemumble import demangle
    except ImportError:
        return
    for line in sys.stdin:
        signal.setitimer(
            signal.ITIMER_VIRTUAL, CPU_SECONDS_PER_NAME
        )  # its signal ends the process, also inside the library
        name = demangle(line.rstrip("\n")).encode()
        sys.stdout.buffer.write((name if len(name) <= _MAX_NAME_BYTES else b"") + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
