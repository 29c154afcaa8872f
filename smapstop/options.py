"""The options of each verb, and the help that teaches them. Imports nothing heavy: `--help` is immediate."""

import argparse
import difflib
import shlex
import sys
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, NoReturn

from smapstop import __version__
from smapstop.errors import SmapstopError
from smapstop.export import KINDS, Kind
from smapstop.model.when import whens_of

if TYPE_CHECKING:  # not needed for --help
    from smapstop.model.limits import Limit

INTERVALS = (0.05, 3600.0)
"""The shortest and the longest time between samples, seconds."""
FORMATS = ("table", "json", "csv")
DIFF_FORMATS = ("table", "json", "markdown")
PAGES_FORMATS = ("table", "json")
EXPORT_FORMATS = ("csv", "jsonl", "perfetto")
GROUPS = ("name", "kind", "file")
BYS = (*GROUPS, "part")


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are those of smapstop, and whose help fits 80 columns."""

    def __init__(self, prog: str, usage: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=prog,
            usage=usage,
            description=description,
            epilog=epilog,
            formatter_class=_Help,
            add_help=False,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found.

        Raises:
            SmapstopError: Always.
        """
        raise SmapstopError(message.removeprefix("argument "), f"see {self.prog} --help")

    def print_help(self, file: IO[str] | None = None) -> None:  # type: ignore[override]
        """Print the help, and notice a closed pipe: argparse would keep silent, and Python complain at its end."""
        print(self.format_help(), end="", file=file or sys.stdout, flush=True)


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help as it is written here, in 80 columns whatever the terminal's width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=27, width=80)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """An option as Python 3.13 writes it: `-i, --interval SECONDS`, the value once."""
        value = "" if action.nargs == 0 else f" {self._format_args(action, action.dest.upper())}"
        return f"{', '.join(action.option_strings)}{value}"


def dashboard_options() -> Parser:
    """The options of the dashboard."""
    parser = Parser(
        "smapstop",
        "smapstop [options] -p PID|NAME\n"
        "       smapstop [options] [--watch [PATH]] -- COMMAND [ARG ...]\n"
        "       smapstop [options]\n"
        "       smapstop snapshot|record|replay|diff|export|pages|demo ...",
        "Which mapping of my process is changing, why, and what did the kernel do?\n"
        "A live dashboard of the memory map of a process: a running one (-p), a program\n"
        "that it starts and whose terminal is a pane (--), or one picked from a list.",
        "verbs, each with a --help of its own:\n"
        "  snapshot                one sample, printed as a table, JSON or csv\n"
        "  record                  samples into a file, without the dashboard\n"
        "  replay                  the dashboard on such a file\n"
        "  diff                    two runs compared, for people and for CI\n"
        "  export                  such a file as csv, JSON lines, or a Perfetto trace\n"
        "  pages                   the pages of a mapping, and the names on them\n"
        "  demo                    the copy-on-write experiment, live\n"
        "\n"
        "examples:\n"
        "  smapstop -p redis-server -i 0.5 --filter 'kind:heap rss>1M'\n"
        "                          the heap of redis, when above 1 MiB, twice a second\n"
        "  smapstop -- ./a.out input.txt\n"
        "                          start ./a.out, and watch it from its first page on",
    )
    target = parser.add_argument_group("whom to watch")
    target.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process")
    target.add_argument(
        "--watch",
        metavar="PATH",
        nargs="?",
        const="",
        help="with --: begin anew when the program, or PATH, is rebuilt, and compare the runs",
    )
    _add_decorate(target)
    _add_pace(parser)
    _add_table(parser)
    _add_output(parser, "record what is watched, see record --help; with --watch run by run: a.smaps, a.2.smaps, ...")
    _add_others(parser, version=True)
    return parser


def snapshot_options() -> Parser:
    """The options of `smapstop snapshot`."""
    parser = Parser(
        "smapstop snapshot",
        "smapstop snapshot -p PID|NAME [options]\n       smapstop snapshot --from FILE|- [options]",
        "One sample of a process, printed. What the kernel does not print, or may not be\n"
        "read, is null in JSON, empty in csv, and – in the table; never 0.",
        "examples:\n"
        "  smapstop snapshot -p redis-server --group-by file --sort pss\n"
        "                      which files, and what memory without one, cost most\n"
        "  smapstop snapshot -p 4711 | jq '.mappings[] | select(.swap > 0)'\n"
        "                      the mappings that are swapped out",
    )
    target = parser.add_argument_group("what to print, one of").add_mutually_exclusive_group()
    target.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process")
    target.add_argument("--from", dest="file", metavar="FILE|-", help="a saved /proc/PID/smaps; - is stdin")
    form = parser.add_argument_group("how to print it")
    form.add_argument(
        "--format", choices=FORMATS, metavar="FORMAT", help="table, json or csv (a table on a terminal, else json)"
    )
    form.add_argument("--sort", metavar="FIELD", help="rss, pss, swap, ...: largest first; or name, perms, start")
    rows = form.add_mutually_exclusive_group()
    rows.add_argument(
        "--group-by", choices=GROUPS, dest="grouping", metavar="BY", default="none", help="sum by name, kind or file"
    )
    rows.add_argument("--rollup", action="store_true", help="only the totals, which is quicker to read")
    form.add_argument("--label", action="store_true", help="say what memory without a name is for, guesses with a ?")
    _add_others(parser, version=False)
    return parser


def record_options() -> Parser:
    """The options of `smapstop record`."""
    parser = Parser(
        "smapstop record",
        "smapstop record -o FILE [options] -p PID|NAME\n"
        "       smapstop record -o FILE [options] -- COMMAND [ARG ...]",
        "Records a process without a dashboard: until it ends, until ctrl-c, or for as\n"
        "long as you say. A program that is started keeps this terminal, and ctrl-c. Each\n"
        "tick is safe once it is written, whatever happens then. The file is an SQLite\n"
        "database: look at it with smapstop replay, or query it.",
        "examples:\n"
        "  smapstop record -o redis.smaps -p redis-server -i 5 --duration 3600\n"
        "                          an hour of redis, every five seconds\n"
        "  smapstop record -o run.smaps -i 0.1 -- ./a.out input.txt\n"
        "                          a.out from its first page to its end",
    )
    target = parser.add_argument_group("whom to record, this or -- COMMAND")
    target.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process")
    _add_decorate(target)
    _add_output(parser, "the recording, readable by you only")
    _add_pace(parser)
    length = parser.add_argument_group("how long; a program that was started is then ended")
    length.add_argument("--duration", metavar="SECONDS", type=_duration, help="stop after so many seconds")
    length.add_argument("--count", metavar="N", type=_count, help="stop after so many samples")
    _add_others(parser, version=False)
    return parser


def diff_options() -> Parser:
    """The options of `smapstop diff`."""
    parser = Parser(
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
    runs.add_argument(
        "--by", choices=BYS, metavar="BY", default="name", help="name, kind, file, or part (of a file) (name)"
    )
    runs.add_argument("--metric", metavar="FIELD", default="pss", help="any field of smaps, or uss, dirty (pss)")
    runs.add_argument(
        "--at",
        metavar="TIME",
        type=whens_of,
        default=(None, None),
        help="of recordings: start, end, peak, or seconds after the start; or two as A,B (end)",
    )
    form = parser.add_argument_group("how to print it")
    form.add_argument(
        "--format",
        choices=DIFF_FORMATS,
        metavar="FORMAT",
        help="table, json or markdown (a table on a terminal, else json)",
    )
    form.add_argument("--all", action="store_true", help="show what did not change, too")
    form.add_argument(
        "--fail-over",
        metavar="LIMIT",
        type=_limit,
        action="append",
        default=[],
        help="exit 1 when the total grew more: 10%%, 5M, 512k; or one mapping: libfoo.so=5%%. Can be repeated",
    )
    _add_others(parser, version=False)
    return parser


def replay_options() -> Parser:
    """The options of `smapstop replay`."""
    parser = Parser(
        "smapstop replay",
        "smapstop replay FILE [options]",
        "The dashboard on a recording, from its end: space plays it, p faster, arrows\n"
        "step through time, [ and ] go to where something happened, home to the start.\n"
        "One that is still being written is followed.",
        "examples:\n"
        "  smapstop replay run.smaps\n"
        "                          what record -o run.smaps wrote\n"
        "  smapstop replay run.smaps --filter 'libfoo delta!=0'\n"
        "                          only what moves of libfoo",
    )
    what = parser.add_argument_group("what to look at")
    what.add_argument("file", metavar="FILE", nargs="?", help="a recording")
    _add_table(parser)
    _add_others(parser, version=False)
    return parser


def export_options() -> Parser:
    """The options of `smapstop export`."""
    parser = Parser(
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
    what.add_argument(
        "--what", metavar="A,B", type=_exported, help="ticks, changes, events (all of them; of csv one, changes)"
    )
    what.add_argument(
        "--filter", metavar="EXPR", default="", help="mappings as in the dashboard: libc kind:heap rss>1M"
    )
    what.add_argument("--from", dest="begin", metavar="SECONDS", type=_second, help="seconds after the first tick")
    what.add_argument("--to", dest="end", metavar="SECONDS", type=_second, help="the same, of the last one")
    form = parser.add_argument_group("where to, and how")
    form.add_argument("-o", "--output", metavar="FILE", help="the file, whole or not at all (stdout)")
    form.add_argument("--force", action="store_true", help="replace a file that is there")
    form.add_argument(
        "--format",
        choices=EXPORT_FORMATS,
        metavar="FORMAT",
        help="csv, jsonl, perfetto (by the name of FILE: .csv, .json)",
    )
    _add_others(parser, version=False)
    return parser


def pages_options() -> Parser:
    """The options of `smapstop pages`."""
    parser = Parser(
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
        "--format", choices=PAGES_FORMATS, metavar="FORMAT", help="table or json (a table on a terminal, else json)"
    )
    _add_others(parser, version=False)
    return parser


def demo_options() -> Parser:
    """The options of `smapstop demo`."""
    parser = Parser(
        "smapstop demo",
        "smapstop demo [options]",
        "The copy-on-write experiment: compiles a small program that writes 4096 bytes\n"
        "into its own data when you tell it to, starts it under the dashboard, and says\n"
        "what to watch. Without a C compiler it is a Python program.",
        "examples:\n"
        "  smapstop demo           press t, type a letter, Enter: a page is copied\n"
        "  CC=clang smapstop demo -i 0.2\n"
        "                          with another compiler, five samples a second",
    )
    _add_pace(parser)
    _add_others(parser, version=False)
    return parser


def _add_table(parser: Parser) -> None:
    table = parser.add_argument_group("the table at the start")
    table.add_argument("--sort", metavar="COLUMN", help="sort by it: rss, delta, name, ... (moved)")
    table.add_argument("--filter", metavar="EXPR", default="", help="show only: libc !/usr kind:heap perm:w rss>10M")
    table.add_argument("--columns", metavar="A,B,C", help="show these: name,rss,delta,swap")


def _add_decorate(group: "argparse._ArgumentGroup") -> None:
    """The option to have glibc name its memory."""
    group.add_argument(
        "--decorate", action="store_true", help="with --: let glibc (2.39 or newer) name its stacks and arenas"
    )


def _add_output(parser: Parser, what: str) -> None:
    group = parser.add_argument_group("where to")
    group.add_argument("-o", "--output", metavar="FILE", help=what)
    group.add_argument("--force", action="store_true", help="replace a file that is there")


def _add_pace(parser: Parser) -> None:
    group = parser.add_argument_group("how often")
    group.add_argument(
        "-i",
        "--interval",
        metavar="SECONDS",
        type=_interval,
        default=1.0,
        help="time between samples, 0.05 to 3600 (1)",
    )
    group.add_argument(
        "--budget",
        metavar="PERCENT",
        type=_budget,
        default=0.05,
        help="CPU share of sampling; past it the interval grows (5)",
    )


def _add_others(parser: Parser, *, version: bool) -> None:
    group = parser.add_argument_group("others")
    group.add_argument("-h", "--help", action="help", help="show this help")
    if version:
        group.add_argument("--version", action="version", version=f"smapstop {__version__}", help="show the version")


def parse(parser: Parser, words: list[str]) -> tuple[argparse.Namespace, str | None]:
    """The options in the words, and the first word that is none.

    Raises:
        SmapstopError: There is no such option, or something is wrong with its value.
    """
    options, rest = parse_words(parser, words)
    return options, rest[0] if rest else None


def parse_words(parser: Parser, words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """The options in the words, and the words that are none; `-` is one of these.

    Raises:
        SmapstopError: As for `parse`.
    """
    options, rest = parser.parse_known_args(words)
    unknown = next((word for word in rest if word.startswith("-") and word != "-"), None)
    if unknown is not None:
        raise SmapstopError(f"no option {unknown}", f"see {parser.prog} --help")
    return options, rest


def stray(word: str, words: list[str], verbs: Iterable[str], *, has_pid: bool) -> SmapstopError:
    """What a word probably means that stands alone among the dashboard's: a verb, a program, or a process."""
    at = words.index(word)
    verb = difflib.get_close_matches(word, verbs, n=1, cutoff=0.75)
    if verb:
        return did_you_mean(word, [*verb, *words[:at], *words[at + 1 :]])
    if has_pid and at > 0:
        return SmapstopError(f"unexpected {word!r}", "watch one process at a time")
    alone = at == len(words) - 1 and "/" not in word
    return did_you_mean(word, [*words[:at], "-p" if word.isdecimal() or alone else "--", *words[at:]])


def did_you_mean(word: str, words: list[str]) -> SmapstopError:
    """An unexpected word, and the command line that was probably meant."""
    return SmapstopError(f"unexpected {word!r}", f"did you mean: smapstop {shlex.join(words)}")


def stray_in(verb: str, word: str, words: list[str]) -> SmapstopError:
    """What a word probably means that stands alone among those of a verb that takes a process or a program."""
    at = words.index(word)
    return did_you_mean(word, [verb, *words[:at], "--" if "/" in word else "-p", *words[at:]])


def _limit(text: str) -> "Limit":
    """A limit of growth from an argument."""
    from smapstop.model.limits import limit_of  # it imports fractions, which take a while

    return limit_of(text)


def _exported(text: str) -> tuple[Kind, ...]:
    """What to export from an argument."""
    words = text.split(",")
    for word in words:
        if word not in KINDS:
            raise SmapstopError(f"--what {text}: there is no {word!r}", f"give some of {','.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in words)


def _second(text: str) -> float:
    """A time after the start from an argument."""
    return _number(text, "--from and --to", 0, 366 * 86_400, "seconds after the first tick")


def _duration(text: str) -> float:
    """Seconds from an argument."""
    return _number(text, "--duration", 0.01, 366 * 86_400, "seconds")


def _count(text: str) -> int:
    """A number of samples from an argument."""
    return int(_number(text, "--count", 1, 1e12, "a number"))


def _interval(text: str) -> float:
    """Seconds from an argument."""
    return _number(text, "--interval", INTERVALS[0], INTERVALS[1], "seconds")


def _budget(text: str) -> float:
    """A share from an argument in percent."""
    return _number(text, "--budget", 0.01, 100, "percent of one CPU") / 100


def _number(text: str, option: str, least: float, most: float, unit: str) -> float:
    """A number in its limits.

    Raises:
        SmapstopError: It is none, or outside of them.
    """
    try:
        number = float(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise SmapstopError(f"{option} {text}", f"give {unit} from {least:g} to {most:g}")
    return number
