"""Demangle names from stdin, one per line, to stdout; run as a separate process by `demangler`.

The names come from untrusted files: a mangled name of 230 characters can expand to 142 million. Hence the limits on
time and memory, and exceeding them only ends this process.
"""

import resource
import signal
import sys

CPU_SECONDS_PER_NAME = 0.2
"""CPU time per name; exceeding it ends the worker."""
_SECONDS = 2
"""CPU time for all names."""
_MAX_MEMORY_BYTES = 256 << 20
_MAX_NAME_BYTES = 4096
"""Longer names are omitted."""


def main() -> None:
    """Answer each line with the demangled name, or with an empty line if it cannot be demangled or is too long.

    Exit at once if pydemumble is not installed.
    """
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        from pydemumble import demangle
    except ImportError:
        return
    for line in sys.stdin:
        # SIGVTALRM ends the process, even inside the library
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS_PER_NAME)
        name = demangle(line.rstrip("\n")).encode()
        sys.stdout.buffer.write((name if len(name) <= _MAX_NAME_BYTES else b"") + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
