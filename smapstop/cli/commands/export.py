"""`smapstop export`: convert a recording to CSV, JSON lines, or a trace."""

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.arguments import CommandParser, add_common_options, parse_options_and_operands
from smapstop.cli.atomic_file import write_atomically
from smapstop.cli.output import print_text, sanitize_line
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError
from smapstop.export import RECORD_KINDS, RecordKind
from smapstop.number_limits import parse_number

if TYPE_CHECKING:  # it imports numpy
    from smapstop.recording.reader import Recording

_BY_SUFFIX = {".csv": "csv", ".json": "perfetto", ".pftrace": "perfetto"}

FORMATS = ("csv", "jsonl", "perfetto")


def build_parser() -> CommandParser:
    """Build the parser of `smapstop export`."""
    parser = CommandParser(
        "smapstop export",
        "smapstop export FILE [options]",
        "Converts a recording to JSON lines, CSV, or a trace for ui.perfetto.dev and\n"
        "chrome://tracing. The first tick has every mapping, later ones only those that\n"
        "changed. Unknown values are null in JSON and empty in CSV.",
        "examples:\n"
        "  smapstop export run.smaps --what events | jq -r 'select(.kb > 1024) | .name'\n"
        "                      mappings with events of more than 1 MiB\n"
        "  smapstop export run.smaps --from 60 --to 90 -o trace.json\n"
        "                      half a minute of it, for Perfetto",
    )
    what = parser.add_argument_group("what to export")
    what.add_argument("file", metavar="FILE", nargs="?", help="a recording")
    what.add_argument(
        "--what",
        metavar="A,B",
        type=_parse_what,
        help="ticks, changes, events, callers, members (default: all; csv: changes)",
    )
    what.add_argument("--filter", metavar="EXPR", default="", help="mappings to export: libc kind:heap rss>1M")
    what.add_argument(
        "--from", dest="begin", metavar="SECONDS", type=_parse_seconds, help="start, in seconds after the first tick"
    )
    what.add_argument(
        "--to", dest="end", metavar="SECONDS", type=_parse_seconds, help="end, in seconds after the first tick"
    )
    form = parser.add_argument_group("output")
    form.add_argument("-o", "--output", metavar="FILE", help="output file, written atomically (default: stdout)")
    form.add_argument("--force", action="store_true", help="overwrite an existing file")
    form.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help="csv, jsonl, perfetto (default: by suffix of -o, or jsonl)",
    )
    add_common_options(parser)
    return parser


def _parse_what(text: str) -> tuple[RecordKind, ...]:
    """Parse the value of `--what`."""
    words = text.split(",")
    for word in words:
        if word not in RECORD_KINDS:
            raise SmapstopError(f"--what {text}: unknown kind {word!r}", f"the kinds are {', '.join(RECORD_KINDS)}")
    return tuple(kind for kind in RECORD_KINDS if kind in words)


def _parse_seconds(text: str) -> float:
    """Parse the value of `--from` or `--to`, seconds after the first tick."""
    return parse_number(text, "--from and --to", 0, 366 * 86_400, "seconds after the first tick")


def run(words: list[str], command: Command) -> int:
    """Export a recording; one that is still being written, up to its current end."""
    options, rest = parse_options_and_operands(build_parser(), words)
    files = [file for file in (options.file, *rest) if file is not None]
    if command is not None:
        raise SmapstopError(
            "export cannot start a program", "smapstop record -o FILE -- COMMAND, then smapstop export FILE"
        )
    if len(files) > 1:
        raise SmapstopError(f"unexpected {files[1]!r}", "export takes one recording: smapstop export FILE")
    if not files:
        raise SmapstopError("export needs a recording", "smapstop export FILE")
    form, kinds = _choose_format(options), _choose_kinds(options)
    begin, end = options.begin or 0.0, math.inf if options.end is None else options.end
    if begin > end:
        raise SmapstopError(f"--from {begin:g} is after --to {end:g}", "give --from the earlier time")
    from smapstop.recording.reader import Recording

    with closing(Recording(Path(files[0]))) as recording:
        pieces = _format_pieces(recording, form, kinds, begin, end, options.filter)
        if options.output in (None, "-"):
            for piece in pieces:
                print_text(piece, "the export")
        else:
            write_atomically(pieces, Path(options.output), overwrite=options.force, source=recording.path)
        if not recording.is_being_written and not recording.stop_reason:
            warning = f"{str(recording.path)!r} ends abruptly: its recorder was killed, or the disk was full"
            print(f"smapstop: {sanitize_line(warning)}; everything in it was exported", file=sys.stderr)
    return 0


def _choose_format(options: argparse.Namespace) -> str:
    """Choose the format: `--format`, else by the suffix of the output file, else JSON lines."""
    suffix = Path(options.output or "").suffix.lower()
    return options.format or _BY_SUFFIX.get(suffix, "jsonl")


def _choose_kinds(options: argparse.Namespace) -> tuple[RecordKind, ...]:
    """Choose the kinds of records to export; CSV can hold only one.

    Raises:
        SmapstopError: Several kinds are requested as CSV.
    """
    if _choose_format(options) != "csv":
        return options.what or RECORD_KINDS
    kinds: tuple[RecordKind, ...] = options.what or ("changes",)
    if len(kinds) > 1:
        raise SmapstopError("csv holds one table", f"give --what only one of {', '.join(RECORD_KINDS)}")
    return kinds


def _format_pieces(
    recording: "Recording", form: str, kinds: tuple[RecordKind, ...], begin: float, end: float, filter_text: str
) -> Iterator[str]:
    """Format the export, piece by piece.

    Raises:
        SmapstopError: The filter is invalid.
    """
    from smapstop.export.line_writer import as_csv, as_jsonl
    from smapstop.export.steps import steps
    from smapstop.export.trace import as_trace
    from smapstop.model.view.filter import parse_filter

    row_filter = parse_filter(filter_text) if filter_text else None
    records = steps(recording.ticks(), str(recording.path), begin, end, row_filter, recording.family())
    match form:
        case "csv":
            return as_csv(records, kinds[0])
        case "perfetto":
            return as_trace(records, kinds, recording.target, recording.marks())
        case _:
            return as_jsonl(records, kinds, recording.marks())
