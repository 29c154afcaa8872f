"""`smapstop pages`: what the pages of a mapping are, and what lies on them."""

import argparse
import sys
from typing import TYPE_CHECKING

from smapstop.cli.arguments import CommandParser, add_common_options, parse_options
from smapstop.cli.output import is_terminal, print_text, table_width
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError

if TYPE_CHECKING:  # it imports numpy
    from smapstop.proc.process import ProcDir

FORMATS = ("table", "json")


def build_parser() -> CommandParser:
    """The options of `smapstop pages`."""
    parser = CommandParser(
        "smapstop pages",
        "smapstop pages -p PID|NAME [options] MAPPING\n       smapstop pages -p PID|NAME --cow [options]",
        "What the pages of a mapping are: not present, the file's, copied on write,\n"
        "anonymous, of shared memory, swapped, ...; and the variables and functions on\n"
        "them. MAPPING is an address in it, its name, or a part of its name.",
        "examples:\n"
        "  smapstop pages -p a.out 'a.out .data'\n"
        "                      which variables of a.out were written: copied-on-write\n"
        "  smapstop pages -p 4711 --cow\n"
        "                      what a server copied of its files, the largest first,\n"
        "                      and what of it no fork shares with it",
    )
    what = parser.add_argument_group("what to look at")
    what.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process")
    what.add_argument(
        "mapping", metavar="MAPPING", nargs="?", help="0x7f12a4001000, '[heap]', libc.so.6, 'libc.so.6 .data'"
    )
    what.add_argument("--cow", action="store_true", help="all that was copied on write, by file and by symbol")
    what.add_argument(
        "--facts", action="store_true", help="of each frame, for root: dirty, referenced, how often mapped, KSM"
    )
    form = parser.add_argument_group("how to print it")
    form.add_argument(
        "--format", choices=FORMATS, metavar="FORMAT", help="table or json (a table on a terminal, else json)"
    )
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Print the pages of one mapping, or what was copied on write in all of them."""
    options, word = parse_options(build_parser(), words)
    if command is not None:
        raise SmapstopError("pages starts no program", "start it yourself, then: smapstop pages -p PID MAPPING")
    if word is not None:
        raise SmapstopError(f"unexpected {word!r}", "name one mapping; put a name with spaces into quotes")
    if options.pid is None:
        raise SmapstopError("pages needs a process", "smapstop pages -p PID|NAME MAPPING")
    if options.cow and (options.mapping is not None or options.facts):
        raise SmapstopError("--cow is of the whole process", "leave MAPPING and --facts out, or --cow")
    if not options.cow and options.mapping is None:
        raise SmapstopError("pages needs a mapping", "an address, a name such as '[heap]' or libc.so.6; or --cow")
    from smapstop.proc.process import ProcDir
    from smapstop.proc.process_lookup import find_process

    with ProcDir(find_process(options.pid)) as process:
        text = _format_cow_pages(process, options) if options.cow else _format_pages(process, options)
    print_text(text, "the pages")
    return 0


def _format_pages(process: "ProcDir", options: argparse.Namespace) -> str:
    """The pages of the mappings that are meant, one after the other."""
    from smapstop.model.lookup import find_mappings
    from smapstop.proc.elf.mapped_files import ElfCache
    from smapstop.proc.process import access_error
    from smapstop.report.label_reader import read_labels
    from smapstop.report.pages.page_list import read_map, read_page_list
    from smapstop.report.pages.render import as_json, as_table

    mappings, files = read_map(process), ElfCache()
    rows, labels = find_mappings(mappings, options.mapping), read_labels(process, mappings)
    found = [read_page_list(process, mappings, row, files, labels[row], frame_info=options.facts) for row in rows]
    try:
        counters = process.counters()
    except OSError as error:
        raise access_error(process.pid, error) from error
    if _choose_format(options) == "json":
        return "".join(as_json(pages, counters) for pages in found)
    return "\n".join(as_table(pages, counters, width=table_width()) for pages in found)


def _format_cow_pages(process: "ProcDir", options: argparse.Namespace) -> str:
    """What was copied on write in the whole process."""
    from smapstop.proc.elf.mapped_files import ElfCache
    from smapstop.proc.process import access_error
    from smapstop.report.pages.cow import cow_pages
    from smapstop.report.pages.cow_render import as_json, as_table
    from smapstop.report.pages.page_list import read_map

    found = cow_pages(process, read_map(process), ElfCache())
    try:
        counters = process.counters()
    except OSError as error:
        raise access_error(process.pid, error) from error
    return (
        as_json(found, counters)
        if _choose_format(options) == "json"
        else as_table(found, counters, width=table_width())
    )


def _choose_format(options: argparse.Namespace) -> str:
    """The format that is asked for, or that fits where it goes."""
    return str(options.format or ("table" if is_terminal(sys.stdout) else "json"))
