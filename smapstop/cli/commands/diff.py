"""`smapstop diff`: compare two runs by the names of their mappings."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from smapstop.cli.arguments import (
    CommandParser,
    add_common_options,
    parse_options_and_operands,
    parse_reading_number,
)
from smapstop.cli.output import discard_stdout, is_terminal, print_text, sanitize_line, table_width
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError
from smapstop.report.diff.moment_spec import parse_moment_specs

if TYPE_CHECKING:  # it imports numpy
    from smapstop.report.diff.limits import Limit

EXIT_EXCEEDED = 1
"""Exit status when growth exceeds a limit of `--fail-over`."""

FORMATS = ("table", "json", "markdown")
BYS = ("name", "kind", "file", "part", "purpose", "address", "function", "stack")
_CALLER_BYS = ("function", "stack")
"""Comparisons of page faults, by who made them."""


def build_parser() -> CommandParser:
    """Build the parser of `smapstop diff`."""
    parser = CommandParser(
        "smapstop diff",
        "smapstop diff [options] A B",
        "Compares two runs by the names of their mappings, or two moments of one process\n"
        "by address: what grew, shrank, is new or gone. A and B are recordings, JSON from\n"
        "smapstop snapshot, or saved /proc/PID/smaps, in any combination; - is stdin.\n"
        "Exit status: 1 if growth exceeds --fail-over, 2 on errors.",
        "examples:\n"
        "  smapstop diff base.smaps new.smaps --metric anonymous --fail-over 10%\n"
        "                      for CI: fail if anonymous memory grows by over 10%\n"
        "  smapstop diff base.smaps new.smaps --at peak --by part --metric private_dirty\n"
        "                      written memory at its peak, by parts of files",
    )
    runs = parser.add_argument_group("what to compare")
    runs.add_argument("before", metavar="A", nargs="?", help="the baseline")
    runs.add_argument("after", metavar="B", nargs="?", help="the run to compare with it")
    runs.add_argument(
        "--by",
        choices=BYS,
        metavar="BY",
        default="name",
        help="name (default), kind, file, part (of a file), purpose; address: of one process; "
        "function, stack: who made the page faults",
    )
    runs.add_argument(
        "--metric", metavar="FIELD", help="any field of smaps, or uss, dirty, or a sum (default: uss+swap)"
    )
    runs.add_argument(
        "--at",
        metavar="TIME",
        type=parse_moment_specs,
        default=(None, None),
        help="point in recordings: start, end, peak, or seconds after the start; A,B for one each (default: end); "
        "by function or stack a range: 0..60,60..120",
    )
    runs.add_argument(
        "--mapping", metavar="M", help="by function or stack: only page faults in mappings of this name"
    )
    runs.add_argument(
        "--reading",
        metavar="N",
        type=_parse_reading_numbers,
        default=(None, None),
        help="of texts with several readings, the one to compare; A,B for one each",
    )
    form = parser.add_argument_group("how to print it")
    form.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help="table, json, markdown (default: table on a terminal, else json)",
    )
    form.add_argument("--all", action="store_true", help="also show what did not change")
    form.add_argument(
        "--fail-over",
        metavar="LIMIT",
        type=_parse_limit,
        action="append",
        default=[],
        help="exit 1 if the total grows more (10%%, 5M, 512k), or one mapping (libfoo.so=5%%); repeatable",
    )
    add_common_options(parser)
    return parser


def _parse_reading_numbers(text: str) -> tuple[int | None, int | None]:
    """Parse the value of `--reading`: one for both, or `A,B`, either of which may be empty."""
    words = text.split(",")
    if len(words) > 2:
        raise SmapstopError(f"--reading {text}", "give the number of a reading, or A,B for one each")
    before, after = (parse_reading_number(word) if word else None for word in (words[0], words[-1]))
    return before, after


def _parse_limit(text: str) -> "Limit":
    """Parse the value of `--fail-over`."""
    from smapstop.report.diff.limits import parse_limit  # it imports fractions, which takes a while

    return parse_limit(text)


def run(words: list[str], command: Command) -> int:
    """Compare two runs.

    Returns:
        `EXIT_EXCEEDED` if a limit was exceeded, else 0.
    """
    options, rest = parse_options_and_operands(build_parser(), words)
    files = [file for file in (options.before, options.after, *rest) if file is not None]
    if command is not None:
        raise SmapstopError(
            "diff cannot start a program", "record two runs first: smapstop record -o FILE -- COMMAND"
        )
    if len(files) > 2:
        raise SmapstopError(f"unexpected {files[2]!r}", "diff compares two runs: smapstop diff A B")
    if len(files) < 2:
        raise SmapstopError("diff needs two runs", "smapstop diff A B")
    if files == ["-", "-"]:
        raise SmapstopError("both runs are stdin", "save one of them to a file")
    compare = _compare_callers if options.by in _CALLER_BYS else _compare_mappings
    text, notes, excesses = compare(files, options)
    for note in notes:
        print(f"smapstop: {sanitize_line(note)}", file=sys.stderr)
    try:
        print_text(text, "the comparison")
    except BrokenPipeError:  # the reader has closed the pipe, but the exit status still counts
        discard_stdout()
    if not excesses:
        return 0
    print(f"smapstop: {sanitize_line('; '.join(excesses))}", file=sys.stderr)
    return EXIT_EXCEEDED


_Outcome = tuple[str, Sequence[str], list[str]]
"""The comparison as text, notes for the user, and the limits that are exceeded."""


def _compare_mappings(files: list[str], options: argparse.Namespace) -> _Outcome:
    """Compare the mappings of two runs.

    Raises:
        SmapstopError: They cannot be read or compared.
    """
    from smapstop.report.diff.compare import diff_runs, find_exceeded
    from smapstop.report.diff.inputs import open_run
    from smapstop.report.diff.render import as_json, as_markdown, as_table, excess_text

    if options.mapping is not None:
        raise SmapstopError("--mapping is for page faults", "add --by function, or --by stack")
    before, after = (
        open_run(file, when, options.metric, reading)
        for file, when, reading in zip(files, options.at, options.reading, strict=True)
    )
    found = diff_runs(before, after, options.by, options.metric, unchanged=options.all)
    excesses = [excess_text(found, limit, growth) for limit, growth in find_exceeded(found, options.fail_over)]
    match _format(options):
        case "json":
            text = as_json(found)
        case "markdown":
            text = as_markdown(found)
        case _:
            text = as_table(found, width=table_width())
    return text, found.notes, excesses


def _compare_callers(files: list[str], options: argparse.Namespace) -> _Outcome:
    """Compare who made the page faults of two runs.

    Raises:
        SmapstopError: They cannot be read or compared.
    """
    from smapstop.report.diff.caller_runs import open_caller_run
    from smapstop.report.diff.compare_callers import diff_callers, find_exceeded_callers
    from smapstop.report.diff.render_callers import (
        caller_excess_text,
        callers_as_json,
        callers_as_markdown,
        callers_as_table,
    )

    if options.metric not in (None, "faults"):
        raise SmapstopError(f"--by {options.by} compares page faults", "omit --metric")
    if options.reading != (None, None):
        raise SmapstopError(f"--by {options.by} compares recordings", "omit --reading")
    before, after = (
        open_caller_run(file, when, options.mapping) for file, when in zip(files, options.at, strict=True)
    )
    found = diff_callers(before, after, options.by)
    exceeded = find_exceeded_callers(found, options.fail_over)
    match _format(options):
        case "json":
            text = callers_as_json(found, unchanged=options.all)
        case "markdown":
            text = callers_as_markdown(found, unchanged=options.all)
        case _:
            text = callers_as_table(found, unchanged=options.all, width=table_width())
    return text, (), [caller_excess_text(limit, growth) for limit, growth in exceeded]


def _format(options: argparse.Namespace) -> str:
    """The format: `--format`, or by default a table on a terminal, else JSON."""
    return options.format or ("table" if is_terminal(sys.stdout) else "json")
