"""The command line: argv means one verb, and errors are one line. Nothing heavy is imported before its verb runs."""

import gc
import importlib
import sys
from collections.abc import Sequence

from smapstop.cli.commands import VERBS
from smapstop.cli.output import discard_stdout, sanitize_line
from smapstop.errors import SmapstopError


def main(argv: Sequence[str] | None = None) -> int:
    """Run smapstop.

    Args:
        argv: The arguments; those of the process by default.

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
    except BrokenPipeError:  # who read our output has had enough
        discard_stdout()
        return 0
    except OSError as error:  # what everything needs is refused: files, memory, processes
        print(f"smapstop: {sanitize_line(str(error))}", file=sys.stderr)
        return 2


def _run(argv: list[str]) -> int:
    """Do what the arguments ask for."""
    gc.set_threshold(10_000)  # looking for garbage while modules are imported took a twentieth of the start
    at = argv.index("--") if "--" in argv else len(argv)
    words, command = argv[:at], tuple(argv[at + 1 :]) if at < len(argv) else None
    name = words.pop(0) if words and words[0] in VERBS else "dashboard"
    status: int = importlib.import_module(f"smapstop.cli.commands.{name}").run(words, command)
    return status
