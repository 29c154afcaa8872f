"""`smapstop pages`: print the states of a mapping's pages, and the symbols on them."""

import argparse
import sys
from typing import TYPE_CHECKING

from smapstop.cli.arguments import CommandParser, add_common_options, parse_options
from smapstop.cli.output import is_terminal, print_text, table_width
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError
from smapstop.number_limits import parse_number

if TYPE_CHECKING:  # it imports numpy
    from smapstop.proc.process import ProcDir

FORMATS = ("table", "json")


def build_parser() -> CommandParser:
    """Build the parser of `smapstop pages`."""
    parser = CommandParser(
        "smapstop pages",
        "smapstop pages -p PID|NAME [options] MAPPING\n       smapstop pages -p PID|NAME --cow [--family] [options]",
        "Shows the state of each page of a mapping (not present, file, copied on write,\n"
        "anonymous, shared memory, swapped, ...), and the variables and functions on it.\n"
        "MAPPING is an address in it, its name, or a part of its name.",
        "examples:\n"
        "  smapstop pages -p a.out 'a.out .data'\n"
        "                      variables of a.out that were written: copied-on-write\n"
        "  smapstop pages -p gunicorn --cow --family --duration 10\n"
        "                      who copies what was shared, by which functions",
    )
    what = parser.add_argument_group("what to show")
    what.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process")
    what.add_argument(
        "mapping", metavar="MAPPING", nargs="?", help="0x7f12a4001000, '[heap]', libc.so.6, 'libc.so.6 .data'"
    )
    what.add_argument("--cow", action="store_true", help="everything copied on write, by file and by symbol")
    what.add_argument("--family", action="store_true", help="with --cow: of the process and its descendants")
    what.add_argument(
        "--duration",
        metavar="SECONDS",
        type=_parse_duration,
        help="with --family: first watch who copies, and how",
    )
    what.add_argument("--facts", action="store_true", help="as root: dirty, referenced, map count, KSM of each frame")
    form = parser.add_argument_group("how to print it")
    form.add_argument(
        "--format", choices=FORMATS, metavar="FORMAT", help="table, json (default: table on a terminal, else json)"
    )
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Print the pages of a mapping, or everything copied on write in the process."""
    options, word = parse_options(build_parser(), words)
    if command is not None:
        raise SmapstopError("pages cannot start a program", "start it yourself, then: smapstop pages -p PID MAPPING")
    if word is not None:
        raise SmapstopError(f"unexpected {word!r}", "name one mapping; quote a name with spaces")
    if options.pid is None:
        raise SmapstopError("pages needs a process", "smapstop pages -p PID|NAME MAPPING")
    if options.cow and (options.mapping is not None or options.facts):
        raise SmapstopError("--cow covers the whole process", "omit MAPPING and --facts, or omit --cow")
    if not options.cow and options.mapping is None:
        raise SmapstopError(
            "pages needs a mapping", "give an address, a name such as '[heap]' or libc.so.6, or --cow"
        )
    if options.duration is not None and not options.family:
        raise SmapstopError(
            "--duration watches who copies", "smapstop pages -p PID|NAME --cow --family --duration 10"
        )
    if options.family and not options.cow:
        raise SmapstopError(
            "--family shows what each process has copied", "smapstop pages -p PID|NAME --cow --family"
        )
    from smapstop.proc.process import ProcDir
    from smapstop.proc.process_lookup import find_family_head, find_process

    if options.family:
        print_text(_format_family(find_family_head(options.pid)[0], options), "the pages")
        return 0
    with ProcDir(find_process(options.pid)) as process:
        text = _format_cow_pages(process, options) if options.cow else _format_pages(process, options)
    print_text(text, "the pages")
    return 0


def _format_pages(process: "ProcDir", options: argparse.Namespace) -> str:
    """Format the pages of the mappings that match MAPPING, one after the other."""
    from smapstop.model.lookup import find_mappings
    from smapstop.proc.elf.mapped_files import ElfCache
    from smapstop.proc.process import access_error
    from smapstop.report.label_reader import read_labels
    from smapstop.report.pages.page_list import read_map, read_page_list
    from smapstop.report.pages.render import as_json, as_table

    mappings, files = read_map(process), ElfCache()
    rows = find_mappings(mappings, options.mapping)
    page_lists = [read_page_list(process, mappings, row, files, frame_info=options.facts) for row in rows]
    labels = read_labels(process, mappings)  # last: reading a header makes its page a referenced one
    page_lists = [pages.with_label(labels[row]) for pages, row in zip(page_lists, rows, strict=True)]
    try:
        counters = process.counters()
    except OSError as error:
        raise access_error(process.pid, error) from error
    if _choose_format(options) == "json":
        return "".join(as_json(pages, counters) for pages in page_lists)
    return "\n".join(as_table(pages, counters, width=table_width()) for pages in page_lists)


def _format_cow_pages(process: "ProcDir", options: argparse.Namespace) -> str:
    """Format everything copied on write in the process."""
    from smapstop.proc.elf.mapped_files import ElfCache
    from smapstop.proc.process import access_error
    from smapstop.report.pages.cow import cow_pages
    from smapstop.report.pages.cow_render import as_json, as_table
    from smapstop.report.pages.page_list import read_map

    copied = cow_pages(process, read_map(process), ElfCache())
    try:
        counters = process.counters()
    except OSError as error:
        raise access_error(process.pid, error) from error
    return (
        as_json(copied, counters)
        if _choose_format(options) == "json"
        else as_table(copied, counters, width=table_width())
    )


def _format_family(pid: int, options: argparse.Namespace) -> str:
    """Format what each process of a family has copied on write, after watching it if `--duration` is given."""
    from smapstop.model.family.comparison import largest_first
    from smapstop.proc.process_tree import descendants_of, read_processes
    from smapstop.report.pages.copy_watch import watch_copies
    from smapstop.report.pages.cow_family import cow_of_family
    from smapstop.report.pages.family_render import family_as_json, family_as_table

    copies = None
    if options.duration is not None:
        processes = read_processes()
        sizes = {each: processes[each].rss_kb for each in descendants_of(pid, processes)}
        copies = watch_copies(largest_first(sizes, [pid]), options.duration)
    members = cow_of_family(pid)
    if _choose_format(options) == "json":
        return family_as_json(members, copies)
    return family_as_table(members, copies, width=table_width())


def _parse_duration(text: str) -> float:
    """Parse the value of `--duration`, seconds."""
    return parse_number(text, "--duration", 0.05, 86_400, "seconds")


def _choose_format(options: argparse.Namespace) -> str:
    """Choose the format: `--format`, else a table on a terminal and JSON elsewhere."""
    return str(options.format or ("table" if is_terminal(sys.stdout) else "json"))
