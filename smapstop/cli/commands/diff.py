"""`smapstop diff`: compare two runs by the names of their mappings."""

import argparse
import sys
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
    from smapstop.report.diff.compare import Diff
    from smapstop.report.diff.limits import Limit

EXIT_EXCEEDED = 1
"""Exit status when growth exceeds a limit of `--fail-over`."""

FORMATS = ("table", "json", "markdown")
BYS = ("name", "kind", "file", "part", "purpose", "address")


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
        help="name (default), kind, file, part (of a file), purpose; address: of one process",
    )
    runs.add_argument(
        "--metric", metavar="FIELD", help="any field of smaps, or uss, dirty, or a sum (default: uss+swap)"
    )
    runs.add_argument(
        "--at",
        metavar="TIME",
        type=parse_moment_specs,
        default=(None, None),
        help="point in recordings: start, end, peak, or seconds after the start; A,B for one each (default: end)",
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
    from smapstop.report.diff.compare import diff_runs, find_exceeded
    from smapstop.report.diff.inputs import open_run
    from smapstop.report.diff.render import excess_text

    before, after = (
        open_run(file, when, options.metric, reading)
        for file, when, reading in zip(files, options.at, options.reading, strict=True)
    )
    comparison = diff_runs(before, after, options.by, options.metric, unchanged=options.all)
    for note in comparison.notes:
        print(f"smapstop: {sanitize_line(note)}", file=sys.stderr)
    exceeded = find_exceeded(comparison, options.fail_over)
    try:
        print_text(_format_diff(comparison, options), "the comparison")
    except BrokenPipeError:  # the reader has closed the pipe, but the exit status still counts
        discard_stdout()
    if not exceeded:
        return 0
    reasons = "; ".join(excess_text(comparison, limit, growth) for limit, growth in exceeded)
    print(f"smapstop: {sanitize_line(reasons)}", file=sys.stderr)
    return EXIT_EXCEEDED


def _format_diff(found: "Diff", options: argparse.Namespace) -> str:
    """Format the comparison as `--format` says; by default a table on a terminal, else JSON."""
    from smapstop.report.diff.render import as_json, as_markdown, as_table

    match options.format or ("table" if is_terminal(sys.stdout) else "json"):
        case "json":
            return as_json(found)
        case "markdown":
            return as_markdown(found)
        case _:
            return as_table(found, width=table_width())
