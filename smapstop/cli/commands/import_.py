"""`smapstop import`: turn saved texts of one process into a recording."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.arguments import (
    CommandParser,
    add_common_options,
    add_output_options,
    parse_options_and_operands,
)
from smapstop.cli.output import is_terminal, sanitize_line
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError
from smapstop.number_limits import parse_number

if TYPE_CHECKING:  # it imports numpy
    from smapstop.saved_smaps.series import SavedFile, Series

_REMEDY = "import reads saved texts of /proc/PID/smaps; - is stdin"


def build_parser() -> CommandParser:
    """Build the parser of `smapstop import`."""
    parser = CommandParser(
        "smapstop import",
        "smapstop import FILE ... -o FILE [options]",
        "Turns saved texts of /proc/PID/smaps of one process, in order, into a recording:\n"
        "several files, or several readings in a file; also quoted, logged, compressed.\n"
        "The time of a reading is the date before it, else that in the name of its file,\n"
        "else that of the file. replay, export and diff open the recording.",
        "examples:\n"
        "  smapstop import leak.txt -o leak.smaps\n"
        "                          what a loop saved without smapstop:\n"
        "                          while sleep 60; do date; cat /proc/4711/smaps; done\n"
        "  smapstop import smaps.*.gz --pid 4711 --interval 60 -o run.smaps\n"
        "                          files whose times are lost",
    )
    what = parser.add_argument_group("what to import")
    what.add_argument("files", metavar="FILE", nargs="*", help="saved texts, in order of time; - is stdin")
    what.add_argument("--pid", metavar="PID", type=_parse_pid, help="the pid (default: from the texts or file names)")
    what.add_argument("--name", metavar="NAME", help="the name of the process (default: of its executable)")
    what.add_argument(
        "-i", "--interval", metavar="SECONDS", type=_parse_interval, help="time between readings, instead of dates"
    )
    add_output_options(parser, "the recording, readable only by you")
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Import saved texts."""
    options, rest = parse_options_and_operands(build_parser(), words)
    files = [*options.files, *rest]
    if command is not None:
        raise SmapstopError("import cannot start a program", "smapstop record -o FILE -- COMMAND")
    if not files:
        raise SmapstopError("import needs saved texts", "smapstop import FILE ... -o FILE")
    if options.output is None:
        raise SmapstopError("import needs a file to write", "-o FILE")
    output = Path(options.output)
    if any(output.exists() and Path(file).exists() and output.samefile(file) for file in files):
        raise SmapstopError(f"{options.output!r} is one of the texts", "choose another name for -o")
    if output.exists() and not options.force:
        raise SmapstopError(f"{options.output!r} already exists", "choose another name, or overwrite it with --force")
    from smapstop.saved_smaps.series import read_series

    interval_ns = None if options.interval is None else round(options.interval * 1e9)
    series = read_series(_read_files(files), pid=options.pid, name=options.name, interval_ns=interval_ns)
    _write(series, output, options)
    for note in series.notes:
        print(f"smapstop: {sanitize_line(note)}", file=sys.stderr)
    return 0


def _read_files(files: list[str]) -> "Iterator[SavedFile]":
    """Read the files, one after the other."""
    from smapstop.saved_smaps.files import read_input, shown_name
    from smapstop.saved_smaps.series import SavedFile

    for file in files:
        data = read_input(file, _REMEDY)
        modified_ns = time.time_ns() if file == "-" else os.stat(file).st_mtime_ns
        yield SavedFile(file, shown_name(file), data, modified_ns)


def _write(series: "Series", output: Path, options: argparse.Namespace) -> None:
    """Write the recording, and say how to open it."""
    from smapstop.recording.redaction import Redaction
    from smapstop.recording.writer import Recorder

    redaction = Redaction() if options.redact else None
    recorder = Recorder(output, overwrite=options.force, redaction=redaction, imported_page_kb=series.page_kb)
    try:
        recorder.write_target(series.target)
        recorder.write_ticks(*series.ticks)
    finally:
        recorder.close("it was imported")
    if is_terminal(sys.stderr):
        count = len(series.ticks)
        line = f"imported {count:,} reading{'s' * (count != 1)}: smapstop replay {output}"
        print(sanitize_line(line), file=sys.stderr)


def _parse_pid(text: str) -> int:
    """Parse the value of `--pid`."""
    return int(parse_number(text, "--pid", 1, 2**31 - 1, "a pid"))


def _parse_interval(text: str) -> float:
    """Parse the value of `--interval`, seconds."""
    return parse_number(text, "--interval", 0.001, 366 * 86_400, "seconds")
