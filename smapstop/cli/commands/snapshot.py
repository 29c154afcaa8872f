"""`smapstop snapshot`: print one sample."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.arguments import (
    CommandParser,
    add_common_options,
    add_via_option,
    did_you_mean,
    parse_options,
    parse_reading_number,
)
from smapstop.cli.output import is_terminal, print_text, sanitize_line, table_width
from smapstop.cli.remote_targets import find_remote_family, find_remote_process, require_running_one
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError

if TYPE_CHECKING:  # they import numpy
    from smapstop.proc.process import ProcDir
    from smapstop.report.snapshot.snapshot import Snapshot

FORMATS = ("table", "json", "csv")
GROUPS = ("name", "kind", "file", "purpose")


def build_parser() -> CommandParser:
    """Build the parser of `smapstop snapshot`."""
    parser = CommandParser(
        "smapstop snapshot",
        "smapstop snapshot -p PID|NAME [options]\n       smapstop snapshot --from FILE|- [options]",
        "Prints one sample of a process. Values that the kernel does not print, or that\n"
        "may not be read, are null in JSON, empty in CSV, and – in the table; never 0.",
        "examples:\n"
        "  smapstop snapshot -p redis-server --group-by file --sort pss\n"
        "                      which files, and which anonymous memory, cost most\n"
        "  smapstop snapshot -p gunicorn --family\n"
        "                      what the whole service takes",
    )
    target_options = parser.add_argument_group("what to print (a process or a file)")
    target = target_options.add_mutually_exclusive_group()
    target.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process")
    target.add_argument("--from", dest="file", metavar="FILE|-", help="a saved smaps, in any form; - is stdin")
    add_via_option(target_options)
    target_options.add_argument(
        "--reading", metavar="N", type=parse_reading_number, help="of a text with several readings, the one to print"
    )
    form = parser.add_argument_group("how to print it")
    form.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help="table, json, csv (default: table on a terminal, else json)",
    )
    form.add_argument("--sort", metavar="FIELD", help="rss, pss, swap, ... (largest first), name, perms or start")
    rows = form.add_mutually_exclusive_group()
    rows.add_argument(
        "--group-by",
        choices=GROUPS,
        dest="grouping",
        metavar="BY",
        default="none",
        help="sum by name, kind, file or purpose",
    )
    rows.add_argument("--rollup", action="store_true", help="only the totals, which are cheaper to read")
    rows.add_argument("--family", action="store_true", help="the totals of a process and its descendants, and sums")
    form.add_argument("--label", action="store_true", help="say what unnamed memory is used for; ? marks a guess")
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Print one sample of a process, or a saved one."""
    options, word = parse_options(build_parser(), words)
    if command is not None:
        raise SmapstopError("snapshot cannot start a program", "start it yourself, then: smapstop snapshot -p PID")
    if word is not None:
        raise did_you_mean(word, ["snapshot", "--from" if Path(word).is_file() else "-p", word])
    if options.rollup and options.sort is not None:
        raise SmapstopError("--rollup has nothing to sort", "omit --sort")
    if options.reading is not None and options.file is None:
        raise SmapstopError("--reading is for a saved text", "smapstop snapshot --from FILE --reading N")
    require_running_one(options, command)
    if options.via is not None and options.pid is None:
        raise SmapstopError("--via needs the process to read there", "smapstop snapshot --via COMMAND -p PID|NAME")
    if options.family:
        return _print_family(options)
    if options.label and (options.pid is None or options.rollup or options.grouping != "none"):
        raise SmapstopError("--label needs the mappings of a process", "give -p, and omit --group-by and --rollup")
    snapshot = _take_snapshot(options)
    print_text(_format_snapshot(snapshot, options), "the snapshot")
    return 0


def _print_family(options: argparse.Namespace) -> int:
    """Print a process and its descendants."""
    from smapstop.proc.process_lookup import find_family_head
    from smapstop.report.family.family_snapshot import take_family_snapshot
    from smapstop.report.family.render import as_csv, as_json, as_table

    if options.pid is None:
        raise SmapstopError("--family needs a process", "smapstop snapshot -p PID|NAME --family")
    if options.sort is not None or options.label:
        raise SmapstopError("--family has the totals of each process", "omit --sort and --label")
    if options.via is None:
        family = take_family_snapshot(find_family_head(options.pid)[0])
    else:
        with find_remote_family(options.via, options.pid) as (pid, read_tree, open_process):
            family = take_family_snapshot(pid, read_tree, open_process)
    match options.format or _default_format():
        case "json":
            text = as_json(family)
        case "csv":
            text = as_csv(family)
        case _:
            text = as_table(family, width=table_width())
    print_text(text, "the snapshot")
    return 0


def _default_format() -> str:
    """A table on a terminal, else JSON."""
    return "table" if is_terminal(sys.stdout) else "json"


def _take_snapshot(options: argparse.Namespace) -> "Snapshot":
    """Take the sample, or read a saved one."""
    from smapstop.proc.process import ProcDir
    from smapstop.proc.process_lookup import find_process
    from smapstop.report.snapshot.snapshot import take_snapshot, take_totals, with_labels

    def take(pid: int, open_process: "Callable[[int], ProcDir]") -> "Snapshot":
        snapshot = (take_totals if options.rollup else take_snapshot)(pid, open_process)
        has_labels = options.label or options.grouping == "purpose"
        return with_labels(pid, snapshot, open_process) if has_labels else snapshot

    if options.pid is not None and options.via is not None:
        with find_remote_process(options.via, options.pid) as (pid, open_process):
            return take(pid, open_process)
    if options.pid is not None:
        return take(find_process(options.pid), ProcDir)
    if options.file is None:
        raise SmapstopError("snapshot needs a process or a file", "smapstop snapshot -p PID|NAME, or --from FILE")
    return _load_snapshot(options)


def _load_snapshot(options: argparse.Namespace) -> "Snapshot":
    """Read a saved sample, and report on stderr what is missing in it."""
    from smapstop.report.snapshot.load import load_snapshot
    from smapstop.saved_smaps.files import read_input

    data = read_input(options.file, "--from reads a saved /proc/PID/smaps, or - for stdin")
    snapshot = load_snapshot(data, options.reading)
    if snapshot.mappings is None and (options.grouping != "none" or options.sort is not None):
        option = "--sort" if options.grouping == "none" else "--group-by"
        raise SmapstopError(f"only totals (smaps_rollup): nothing for {option}", "save /proc/PID/smaps, or omit it")
    for note in snapshot.notes:
        print(f"smapstop: {sanitize_line(note)}", file=sys.stderr)
    return replace(snapshot, mappings=None) if options.rollup else snapshot


def _format_snapshot(snapshot: "Snapshot", options: argparse.Namespace) -> str:
    """Format the sample as `--format` says; by default a table on a terminal, else JSON."""
    from smapstop.report.snapshot.render import as_csv, as_json, as_table
    from smapstop.report.snapshot.snapshot import parse_sorting

    sorting = None if options.sort is None else parse_sorting(options.sort, snapshot)
    match options.format or _default_format():
        case "json":
            return as_json(snapshot, sorting, options.grouping)
        case "csv":
            return as_csv(snapshot, sorting, options.grouping)
        case _:
            return as_table(snapshot, sorting, options.grouping, width=table_width())
