"""What can be done on the command line: a module for each verb, with its `run(words, command)` and its `parser()`."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a module of this package, which must be there first
    from smapstop.cli.arguments import CommandParser

VERBS = {
    "snapshot": "one sample, printed as a table, JSON or csv",
    "record": "samples into a file, without the dashboard",
    "replay": "the dashboard on such a file",
    "diff": "two runs compared, for people and for CI",
    "export": "such a file as csv, JSON lines, or a Perfetto trace",
    "pages": "the pages of a mapping, and the names on them",
    "demo": "the copy-on-write experiment, live",
    "guide": "this program explained, chapter by chapter",
    "completion": "has bash, zsh or fish complete all these words",
}
"""What each does, in a line. Without one it is the dashboard."""


def build_parsers() -> "dict[str, CommandParser]":
    """The parser of each verb, by its name; first that of the dashboard, which needs no verb."""
    return {
        name: importlib.import_module(f"smapstop.cli.commands.{name}").build_parser()
        for name in ("dashboard", *VERBS)
    }
