"""`smapstop report`: turn a recording, or the comparison of two, into one HTML file."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.arguments import CommandParser, add_common_options, parse_options_and_operands
from smapstop.cli.atomic_file import require_writable, write_atomically
from smapstop.cli.output import is_terminal, print_text, sanitize_line
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError

if TYPE_CHECKING:  # it imports numpy
    from smapstop.export.html.recorded_run import RecordedRun


def build_parser() -> CommandParser:
    """Build the parser of `smapstop report`."""
    parser = CommandParser(
        "smapstop report",
        "smapstop report [options] FILE [B]",
        "Turns a recording into one HTML file: what grew and why, the chart over time,\n"
        "every mapping with its history, who made the page faults. It loads nothing, so\n"
        "it can be attached to a bug report and read without smapstop. Of two recordings\n"
        "it shows what differs.",
        "examples:\n"
        "  smapstop report run.smaps -o run.html\n"
        "                      a page to send to a colleague\n"
        "  smapstop report before.smaps after.smaps -o fix.html\n"
        "                      what the fix changed",
    )
    what = parser.add_argument_group("what to report")
    what.add_argument("file", metavar="FILE", nargs="?", help="a recording")
    what.add_argument("other", metavar="B", nargs="?", help="a later one, to compare with the first")
    form = parser.add_argument_group("output")
    form.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="output file, written atomically, readable only by you (default: stdout)",
    )
    form.add_argument("--force", action="store_true", help="overwrite an existing file")
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Write the report of a recording, or of two; of one that is still being written, up to its current end."""
    options, rest = parse_options_and_operands(build_parser(), words)
    files = [file for file in (options.file, options.other, *rest) if file is not None]
    if command is not None:
        raise SmapstopError(
            "report cannot start a program", "smapstop record -o FILE -- COMMAND, then smapstop report FILE"
        )
    if not files:
        raise SmapstopError("report needs a recording", "smapstop report FILE -o FILE.html")
    if len(files) > 2:
        raise SmapstopError(f"unexpected {files[2]!r}", "report takes one recording, or two to compare")
    is_on_screen = options.output is None and is_terminal(sys.stdout)
    if is_on_screen:
        raise SmapstopError("the report is HTML, for a browser", f"name a file: -o {Path(files[0]).stem}.html")
    paths = [Path(file) for file in files]
    if options.output not in (None, "-"):
        require_writable(Path(options.output), *paths, overwrite=options.force)
    from smapstop.export.html.recorded_run import read_run

    runs = [read_run(path) for path in paths]
    _write(_page_of(runs), paths, options)
    for path, each in zip(paths, runs, strict=True):
        if each.is_cut:
            warning = f"{str(path)!r} ends abruptly: its recorder was killed, or the disk was full"
            print(f"smapstop: {sanitize_line(warning)}; everything in it is in the report", file=sys.stderr)
    return 0


def _page_of(runs: "list[RecordedRun]") -> str:
    """The page about a run, or about the difference of two."""
    from smapstop.export.html.page import comparison_page, run_page  # they import Jinja2

    return run_page(runs[0]) if len(runs) == 1 else comparison_page(*runs)


def _write(page: str, paths: list[Path], options: argparse.Namespace) -> None:
    """Write the page to the output file, or to stdout."""
    if options.output in (None, "-"):
        print_text(page, "the report")
    else:
        write_atomically([page], Path(options.output), overwrite=options.force, source=paths[0])
