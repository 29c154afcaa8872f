"""Verbs of the command line: one module each, with `run(words, command)` and `build_parser()`."""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports this package
    from smapstop.cli.arguments import CommandParser

VERBS = {
    "snapshot": "print one sample",
    "record": "record, without a dashboard",
    "replay": "a recording in the dashboard",
    "diff": "compare two runs",
    "export": "to CSV, JSONL, Perfetto",
    "report": "one HTML file to send",
    "import": "saved texts as a recording",
    "pages": "pages and their symbols",
    "faults": "who makes page faults",
    "metrics": "figures for Prometheus",
    "demo": "the experiment, live",
    "guide": "the manual",
    "completion": "shell completion",
}
"""Description of each verb, at most 28 characters; without a verb, smapstop runs the dashboard."""

WITH_SCREENS = ("dashboard", "replay", "demo", "guide")
"""Verbs that show screens: `KeyApp` begins to collect garbage once the first is painted."""
WITH_PROGRAMS = ("dashboard", "demo", "record", "faults")
"""Verbs that start programs, which get the environment of the user: `LiveSource` imports numpy for them."""


def load_command(verb: str) -> ModuleType:
    """Import the module of a verb, or of the dashboard; Python keeps the name of one for itself."""
    return importlib.import_module(f"smapstop.cli.commands.{'import_' if verb == 'import' else verb}")


def build_parsers() -> "dict[str, CommandParser]":
    """Build the parser of every verb, by name; the first is that of the dashboard, which has no verb."""
    return {name: load_command(name).build_parser() for name in ("dashboard", *VERBS)}


def list_verbs() -> str:
    """The verbs and their descriptions, as lines with two columns."""
    cells = [f"{verb:10} {what:29}" for verb, what in VERBS.items()]
    half = -(-len(cells) // 2)
    pairs = zip(cells[:half], [*cells[half:], ""], strict=False)
    return "".join(f"  {left}{right}".rstrip() + "\n" for left, right in pairs)
