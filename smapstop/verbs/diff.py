"""`smapstop diff`: two runs compared by the names of their mappings."""

import argparse
import shutil
import sys
from typing import TYPE_CHECKING

from smapstop.errors import SmapstopError
from smapstop.options import diff_options, parse_words
from smapstop.verbs.printing import give_up_stdout, is_terminal, print_text, safe
from smapstop.verbs.targets import Command

if TYPE_CHECKING:  # it imports numpy
    from smapstop.diff import Diff

EXCEEDED = 1
"""The exit status when something grew more than it may."""


def run(words: list[str], command: Command) -> int:
    """Compare two runs.

    Returns:
        `EXCEEDED` when a limit was, else 0.
    """
    options, files = parse_words(diff_options(), words)
    if command is not None:
        raise SmapstopError("diff starts no program", "record two runs first: smapstop record -o FILE -- COMMAND")
    if len(files) > 2:
        raise SmapstopError(f"unexpected {files[2]!r}", "diff compares two runs: smapstop diff A B")
    if len(files) < 2:
        raise SmapstopError("diff needs two runs", "smapstop diff A B")
    if files == ["-", "-"]:
        raise SmapstopError("both runs are stdin", "save one of them to a file")
    from smapstop.diff import diff, excesses
    from smapstop.diff_formats import excess_text
    from smapstop.runs import open_run

    before, after = (open_run(file, when, options.metric) for file, when in zip(files, options.at, strict=True))
    found = diff(before, after, options.by, options.metric, unchanged=options.all)
    exceeded = excesses(found, options.fail_over)
    try:
        print_text(_formatted(found, options), "the comparison")
    except BrokenPipeError:  # who reads has had enough, but the verdict stands
        give_up_stdout()
    if not exceeded:
        return 0
    reasons = "; ".join(excess_text(found, limit, growth) for limit, growth in exceeded)
    print(f"smapstop: {safe(reasons)}", file=sys.stderr)
    return EXCEEDED


def _formatted(found: "Diff", options: argparse.Namespace) -> str:
    """The comparison in the format that is asked for."""
    from smapstop.diff_formats import as_json, as_markdown, as_table

    match options.format or ("table" if is_terminal(sys.stdout) else "json"):
        case "json":
            return as_json(found)
        case "markdown":
            return as_markdown(found)
        case _:
            return as_table(found, width=shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns)


_PIPE_WIDTH = 160
"""How wide a table is that goes into a file or a pipe."""
