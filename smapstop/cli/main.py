"""Entry point: run the verb that argv names, and print errors as one line.

Nothing heavy is imported before the verb runs.
"""

import atexit
import gc
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from smapstop.cli.commands import VERBS, WITH_PROGRAMS, WITH_SCREENS, load_command
from smapstop.cli.output import discard_stdout, sanitize_line
from smapstop.errors import SmapstopError
from smapstop.numpy_import import single_threaded_numpy


def main(argv: Sequence[str] | None = None) -> int:
    """Run smapstop.

    Args:
        argv: The arguments; by default those of the process.

    Returns:
        The exit status.
    """
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except SmapstopError as error:
        print(f"smapstop: {sanitize_line(str(error))}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has closed it
        discard_stdout()
        return 0
    except OSError as error:  # out of file descriptors, memory or processes
        print(f"smapstop: {sanitize_line(str(error))}", file=sys.stderr)
        return 2


def _run(argv: list[str]) -> int:
    """Run the verb that the arguments name, and return the exit status."""
    gc.set_threshold(10_000)  # garbage collection during imports took 5% of the start-up time
    atexit.register(gc.freeze)  # at the end, it would take a fifth of the time that imports took
    at = argv.index("--") if "--" in argv else len(argv)
    words, command = argv[:at], tuple(argv[at + 1 :]) if at < len(argv) else None
    name = words.pop(0) if words and words[0] in VERBS else "dashboard"
    if name in WITH_SCREENS:
        gc.disable()  # until the first screen is painted
    no_threads = nullcontext() if name in WITH_PROGRAMS else single_threaded_numpy()
    try:
        with no_threads:
            status: int = load_command(name).run(words, command)
    finally:
        gc.enable()
    return status
