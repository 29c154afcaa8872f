"""`smapstop diff`: two runs compared by the names of their mappings."""

import argparse
import sys
from typing import TYPE_CHECKING

from smapstop.cli.arguments import CommandParser, add_common_options, parse_options_and_operands
from smapstop.cli.output import discard_stdout, is_terminal, print_text, sanitize_line, table_width
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError
from smapstop.report.diff.moment_spec import parse_moment_specs

if TYPE_CHECKING:  # it imports numpy
    from smapstop.report.diff.compare import Diff
    from smapstop.report.diff.limits import Limit

EXIT_EXCEEDED = 1
"""The exit status when something grew more than it may."""

FORMATS = ("table", "json", "markdown")
BYS = ("name", "kind", "file", "part")


def build_parser() -> CommandParser:
    """The options of `smapstop diff`."""
    parser = CommandParser(
        "smapstop diff",
        "smapstop diff [options] A B",
        "Two runs compared by the names of their mappings: what grew, shrank, is new or\n"
        "gone. A and B are recordings, JSON of smapstop snapshot, or saved\n"
        "/proc/PID/smaps, in any combination; - is stdin. Exit status: 1 when more grew\n"
        "than --fail-over allows, 2 for errors.",
        "examples:\n"
        "  smapstop diff base.smaps new.smaps --metric anonymous --fail-over 10%\n"
        "                      for CI: fails when the program itself takes much more\n"
        "  smapstop diff base.smaps new.smaps --at peak --by part --metric private_dirty\n"
        "                      which parts of which libraries were written, at the most",
    )
    runs = parser.add_argument_group("what to compare")
    runs.add_argument("before", metavar="A", nargs="?", help="the base")
    runs.add_argument("after", metavar="B", nargs="?", help="what is compared with it")
    runs.add_argument(
        "--by", choices=BYS, metavar="BY", default="name", help="name, kind, file, or part (of a file) (name)"
    )
    runs.add_argument("--metric", metavar="FIELD", default="pss", help="any field of smaps, or uss, dirty (pss)")
    runs.add_argument(
        "--at",
        metavar="TIME",
        type=parse_moment_specs,
        default=(None, None),
        help="of recordings: start, end, peak, or seconds after the start; or two as A,B (end)",
    )
    form = parser.add_argument_group("how to print it")
    form.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help="table, json or markdown (a table on a terminal, else json)",
    )
    form.add_argument("--all", action="store_true", help="show what did not change, too")
    form.add_argument(
        "--fail-over",
        metavar="LIMIT",
        type=_parse_limit,
        action="append",
        default=[],
        help="exit 1 when the total grew more: 10%%, 5M, 512k; or one mapping: libfoo.so=5%%. Can be repeated",
    )
    add_common_options(parser)
    return parser


def _parse_limit(text: str) -> "Limit":
    """A limit of growth from an argument."""
    from smapstop.report.diff.limits import parse_limit  # it imports fractions, which take a while

    return parse_limit(text)


def run(words: list[str], command: Command) -> int:
    """Compare two runs.

    Returns:
        `EXIT_EXCEEDED` when a limit was, else 0.
    """
    options, rest = parse_options_and_operands(build_parser(), words)
    files = [file for file in (options.before, options.after, *rest) if file is not None]
    if command is not None:
        raise SmapstopError("diff starts no program", "record two runs first: smapstop record -o FILE -- COMMAND")
    if len(files) > 2:
        raise SmapstopError(f"unexpected {files[2]!r}", "diff compares two runs: smapstop diff A B")
    if len(files) < 2:
        raise SmapstopError("diff needs two runs", "smapstop diff A B")
    if files == ["-", "-"]:
        raise SmapstopError("both runs are stdin", "save one of them to a file")
    from smapstop.report.diff.compare import diff_runs, find_exceeded
    from smapstop.report.diff.inputs import open_run
    from smapstop.report.diff.render import excess_text

    before, after = (open_run(file, when, options.metric) for file, when in zip(files, options.at, strict=True))
    found = diff_runs(before, after, options.by, options.metric, unchanged=options.all)
    exceeded = find_exceeded(found, options.fail_over)
    try:
        print_text(_format_diff(found, options), "the comparison")
    except BrokenPipeError:  # who reads has had enough, but the verdict stands
        discard_stdout()
    if not exceeded:
        return 0
    reasons = "; ".join(excess_text(found, limit, growth) for limit, growth in exceeded)
    print(f"smapstop: {sanitize_line(reasons)}", file=sys.stderr)
    return EXIT_EXCEEDED


def _format_diff(found: "Diff", options: argparse.Namespace) -> str:
    """The comparison in the format that is asked for."""
    from smapstop.report.diff.render import as_json, as_markdown, as_table

    match options.format or ("table" if is_terminal(sys.stdout) else "json"):
        case "json":
            return as_json(found)
        case "markdown":
            return as_markdown(found)
        case _:
            return as_table(found, width=table_width())
