"""`smapstop export`: a recording as csv, JSON lines, or a trace."""

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.arguments import CommandParser, add_common_options, parse_number, parse_options_and_operands
from smapstop.cli.atomic_file import write_atomically
from smapstop.cli.output import print_text, sanitize_line
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError
from smapstop.export import RECORD_KINDS, RecordKind

if TYPE_CHECKING:  # it imports numpy
    from smapstop.recording.reader import Recording

_BY_SUFFIX = {".csv": "csv", ".json": "perfetto", ".pftrace": "perfetto"}

FORMATS = ("csv", "jsonl", "perfetto")


def build_parser() -> CommandParser:
    """The options of `smapstop export`."""
    parser = CommandParser(
        "smapstop export",
        "smapstop export FILE [options]",
        "A recording for other programs, from its start: JSON lines, csv, or a trace for\n"
        "ui.perfetto.dev and chrome://tracing. The first tick tells of every mapping, the\n"
        "others of those that changed. What is not known is null in JSON, empty in csv.",
        "examples:\n"
        "  smapstop export run.smaps --what events | jq -r 'select(.kb > 1024) | .name'\n"
        "                      which mappings had more than 1 MiB moved at once\n"
        "  smapstop export run.smaps --from 60 --to 90 -o trace.json\n"
        "                      half a minute of it, to be looked at with Perfetto",
    )
    what = parser.add_argument_group("what to export")
    what.add_argument("file", metavar="FILE", nargs="?", help="a recording")
    what.add_argument(
        "--what", metavar="A,B", type=_parse_what, help="ticks, changes, events (all of them; of csv one, changes)"
    )
    what.add_argument(
        "--filter", metavar="EXPR", default="", help="mappings as in the dashboard: libc kind:heap rss>1M"
    )
    what.add_argument(
        "--from", dest="begin", metavar="SECONDS", type=_parse_seconds, help="seconds after the first tick"
    )
    what.add_argument("--to", dest="end", metavar="SECONDS", type=_parse_seconds, help="the same, of the last one")
    form = parser.add_argument_group("where to, and how")
    form.add_argument("-o", "--output", metavar="FILE", help="the file, whole or not at all (stdout)")
    form.add_argument("--force", action="store_true", help="replace a file that is there")
    form.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help="csv, jsonl, perfetto (by the name of FILE: .csv, .json)",
    )
    add_common_options(parser)
    return parser


def _parse_what(text: str) -> tuple[RecordKind, ...]:
    """What to export from an argument."""
    words = text.split(",")
    for word in words:
        if word not in RECORD_KINDS:
            raise SmapstopError(f"--what {text}: there is no {word!r}", f"give some of {','.join(RECORD_KINDS)}")
    return tuple(kind for kind in RECORD_KINDS if kind in words)


def _parse_seconds(text: str) -> float:
    """A time after the start from an argument."""
    return parse_number(text, "--from and --to", 0, 366 * 86_400, "seconds after the first tick")


def run(words: list[str], command: Command) -> int:
    """Export a recording, also while it is written: as far as it goes then."""
    options, rest = parse_options_and_operands(build_parser(), words)
    files = [file for file in (options.file, *rest) if file is not None]
    if command is not None:
        raise SmapstopError("export starts no program", "smapstop record -o FILE -- COMMAND, and then export FILE")
    if len(files) > 1:
        raise SmapstopError(f"unexpected {files[1]!r}", "export takes one recording: smapstop export FILE")
    if not files:
        raise SmapstopError("export needs a recording", "smapstop export FILE")
    form, kinds = _choose_format(options), _choose_kinds(options)
    begin, end = options.begin or 0.0, math.inf if options.end is None else options.end
    if begin > end:
        raise SmapstopError(f"--from {begin:g} is after --to {end:g}", "give the earlier one with --from")
    from smapstop.recording.reader import Recording

    with closing(Recording(Path(files[0]))) as recording:
        pieces = _format_pieces(recording, form, kinds, begin, end, options.filter)
        if options.output in (None, "-"):
            for piece in pieces:
                print_text(piece, "the export")
        else:
            write_atomically(pieces, Path(options.output), overwrite=options.force, source=recording.path)
        if not recording.is_being_written and not recording.stop_reason:
            what = f"{str(recording.path)!r} ends abruptly: its recorder was killed, or its disk full"
            print(f"smapstop: {sanitize_line(what)}; what it has is exported", file=sys.stderr)
    return 0


def _choose_format(options: argparse.Namespace) -> str:
    """The format that is asked for, in words or by the name of the file."""
    suffix = Path(options.output or "").suffix.lower()
    return options.format or _BY_SUFFIX.get(suffix, "jsonl")


def _choose_kinds(options: argparse.Namespace) -> tuple[RecordKind, ...]:
    """What records are asked for; a table can hold those of one kind."""
    if _choose_format(options) != "csv":
        return options.what or RECORD_KINDS
    kinds: tuple[RecordKind, ...] = options.what or ("changes",)
    if len(kinds) > 1:
        raise SmapstopError("csv is one table", "give --what one of ticks, changes, events")
    return kinds


def _format_pieces(
    recording: "Recording", form: str, kinds: tuple[RecordKind, ...], begin: float, end: float, filter_text: str
) -> Iterator[str]:
    """The export, piece by piece.

    Raises:
        SmapstopError: The filter makes no sense.
    """
    from smapstop.export.line_writer import as_csv, as_jsonl
    from smapstop.export.steps import steps
    from smapstop.export.trace import as_trace
    from smapstop.model.view.filter import parse_filter

    test = parse_filter(filter_text) if filter_text else None
    told = steps(recording.ticks(), str(recording.path), begin, end, test)
    match form:
        case "csv":
            return as_csv(told, kinds[0])
        case "perfetto":
            return as_trace(told, kinds, recording.target)
        case _:
            return as_jsonl(told, kinds)
