"""Verbs of the command line: one module each, with `run(words, command)` and `build_parser()`."""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports this package
    from smapstop.cli.arguments import CommandParser

VERBS = {
    "snapshot": "print one sample as a table, JSON or CSV",
    "record": "record samples to a file, without the dashboard",
    "replay": "open a recording in the dashboard",
    "diff": "compare two runs, for people and for CI",
    "export": "convert a recording to CSV, JSON lines or Perfetto",
    "import": "make a recording of saved texts of /proc/PID/smaps",
    "pages": "show the pages of a mapping, and the symbols on them",
    "demo": "run the copy-on-write experiment, live",
    "guide": "show a chapter of the guide",
    "completion": "print the completion script for bash, zsh or fish",
}
"""One-line description of each verb; without a verb, smapstop runs the dashboard."""


def load_command(verb: str) -> ModuleType:
    """Import the module of a verb, or of the dashboard; Python keeps the name of one for itself."""
    return importlib.import_module(f"smapstop.cli.commands.{'import_' if verb == 'import' else verb}")


def build_parsers() -> "dict[str, CommandParser]":
    """Build the parser of every verb, by name; the first is that of the dashboard, which has no verb."""
    return {name: load_command(name).build_parser() for name in ("dashboard", *VERBS)}
