"""Option parsing shared by all verbs: the parser, the help formatter, and common option groups.

Neither this module nor anything a verb imports before it runs is heavy: `--help` is immediate.
"""

import argparse
import re
import shlex
from typing import IO, NoReturn

from smapstop.cli.output import print_text
from smapstop.errors import SmapstopError
from smapstop.number_limits import BUDGET_LIMITS, INTERVAL_LIMITS, parse_number

OptionGroup = argparse._ArgumentGroup  # noqa: SLF001 - argparse has no public name for it
"""Group of options under one heading of the help."""


class CommandParser(argparse.ArgumentParser):
    """Argument parser that raises `SmapstopError` and prints help in 80 columns."""

    def __init__(self, prog: str, usage: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=prog,
            usage=usage,
            description=description,
            epilog=epilog,
            formatter_class=_HelpFormatter,
            add_help=False,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raise an argparse error as `SmapstopError`.

        Raises:
            SmapstopError: Always.
        """
        raise SmapstopError(message.removeprefix("argument "), f"see {self.prog} --help")

    def print_help(self, file: IO[str] | None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Print the help, and report failures: argparse ignores them, and Python would complain at exit."""
        print_text(self.format_help(), "the help")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help formatter that keeps line breaks, in 80 columns whatever the width of the terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=27, width=80)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """Format an option as Python 3.13 does, with its value once: `-i, --interval SECONDS`."""
        if not action.option_strings:
            return str(action.metavar)
        value = "" if action.nargs == 0 else f" {self._format_args(action, action.dest.upper())}"
        return f"{', '.join(action.option_strings)}{value}"

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        """Format several values shortly: `NAME ...`."""
        return f"{action.metavar} ..." if action.nargs == "+" else super()._format_args(action, default_metavar)

    def format_help(self) -> str:
        """Format the help without blank lines between option groups, to fit one screen."""
        return re.sub(r"(\n  .*)\n\n(?=\S.*:\S*\n  \S*-)", r"\1\n", super().format_help())


def add_table_options(parser: CommandParser) -> None:
    """Add the options for the initial state of the mapping table."""
    table = parser.add_argument_group("initial table")
    table.add_argument("--sort", metavar="COLUMN", help="sort by rss, delta, name, ... (default: moved)")
    table.add_argument(
        "--filter", metavar="EXPR", default="", help="rows to show: libc !/usr kind:heap perm:w rss>10M"
    )
    table.add_argument("--columns", metavar="A,B,C", help="columns to show: name,rss,delta,swap")
    table.add_argument("--config", metavar="FILE", help="config file (default: ~/.config/smapstop/config.toml)")


def add_decorate_option(group: OptionGroup) -> None:
    """Add `--decorate`, which makes glibc name its memory, and Python its functions."""
    what = "with --: glibc names memory, Python its functions"
    group.add_argument("--decorate", action="store_true", help=what)


def add_callers_option(group: OptionGroup) -> None:
    """Add `--no-callers`, which leaves page faults unwatched."""
    group.add_argument("--no-callers", action="store_true", help="do not find out which code makes page faults")


def add_via_option(group: OptionGroup) -> None:
    """Add `--via`, which reads a process elsewhere."""
    what = "a process elsewhere: 'ssh box', 'docker exec -i c sh'"
    group.add_argument("--via", metavar="COMMAND", help=what)


def add_output_options(parser: CommandParser, output_help: str) -> None:
    """Add the options of a recording file; `output_help` is the help of `--output`."""
    group = parser.add_argument_group("recording")
    group.add_argument("-o", "--output", metavar="FILE", help=output_help)
    group.add_argument("--force", action="store_true", help="overwrite an existing file")
    group.add_argument("--redact", action="store_true", help="replace or omit names: command, paths, symbols")


def add_alert_option(group: OptionGroup, what: str) -> None:
    """Add `--alert`, which can be repeated."""
    group.add_argument("--alert", metavar="EXPR", action="append", default=[], help=what)


def add_pace_options(group: OptionGroup, *, interval: str = "1", budget: str = "5") -> None:
    """Add the options for the sampling pace, with the defaults to name in the help; see `pace_of`."""
    group.add_argument(
        "-i",
        "--interval",
        metavar="SECONDS",
        type=_parse_interval,
        help=f"time between samples, 0.05 to 3600 (default: {interval})",
    )
    group.add_argument(
        "--budget",
        metavar="PERCENT",
        type=_parse_budget,
        help=f"sampling slows down above this CPU use (default: {budget})",
    )


def add_common_options(parser: CommandParser) -> OptionGroup:
    """Add the options that every verb has, and return their group."""
    group = parser.add_argument_group("other options")
    group.add_argument("-h", "--help", action="help", help="show this help")
    return group


def parse_options(parser: CommandParser, words: list[str]) -> tuple[argparse.Namespace, str | None]:
    """Parse the options, and return them with the first other word, None without one.

    Raises:
        SmapstopError: An option is unknown, or its value is invalid.
    """
    options, rest = parse_options_and_operands(parser, words)
    return options, rest[0] if rest else None


def parse_options_and_operands(parser: CommandParser, words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Parse the options, and return them with the other words, which may include `-`.

    Raises:
        SmapstopError: As for `parse_options`.
    """
    options, rest = parser.parse_known_args(words)
    unknown = next((word for word in rest if word.startswith("-") and word != "-"), None)
    if unknown is not None:
        raise SmapstopError(f"unknown option {unknown}", f"see {parser.prog} --help")
    return options, rest


def did_you_mean(word: str, words: list[str]) -> SmapstopError:
    """Make the error for an unexpected word, with the command line that was probably intended."""
    return SmapstopError(f"unexpected {word!r}", f"did you mean: smapstop {shlex.join(words)}")


def _parse_interval(text: str) -> float:
    """Parse the value of `--interval`, seconds."""
    return parse_number(text, "--interval", *INTERVAL_LIMITS, "seconds")


def _parse_budget(text: str) -> float:
    """Parse the value of `--budget`, percent."""
    return parse_number(text, "--budget", *BUDGET_LIMITS, "percent of one CPU")


def parse_reading_number(text: str) -> int:
    """Parse the number of a reading in a saved text.

    Raises:
        SmapstopError: It is not a number from 1 on.
    """
    if not text.isdecimal() or not text.isascii() or not 1 <= len(text) <= 9 or not int(text):
        raise SmapstopError(f"--reading {text}", "give the number of a reading: 1, 2, ...")
    return int(text)
