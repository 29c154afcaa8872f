"""The command line: argv means one verb, and errors are one line. Nothing heavy is imported before its verb runs."""

import importlib
import sys
from collections.abc import Sequence

from smapstop.errors import SmapstopError
from smapstop.verbs.printing import give_up_stdout, safe

VERBS = ("snapshot", "record", "replay", "diff", "export", "pages", "demo")
"""Each is a module in `verbs`; without one it is the dashboard."""


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
        print(f"smapstop: {safe(str(error))}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who read our output has had enough
        give_up_stdout()
        return 0


def _run(argv: list[str]) -> int:
    """Do what the arguments ask for."""
    at = argv.index("--") if "--" in argv else len(argv)
    words, command = argv[:at], tuple(argv[at + 1 :]) if at < len(argv) else None
    if words and words[0] in VERBS:
        verb = importlib.import_module(f"smapstop.verbs.{words[0]}")
        status: int = verb.run(words[1:], command)
        return status
    from smapstop.verbs import dashboard

    return dashboard.run(words, command, VERBS)
