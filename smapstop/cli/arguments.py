"""What the options of the verbs share: how they are read, what their help looks like, and the groups of several.

Nothing here, and nothing that a verb imports before it runs, is heavy: `--help` is immediate.
"""

import argparse
import re
import shlex
from typing import IO, NoReturn

from smapstop.cli.output import print_text
from smapstop.errors import SmapstopError

OptionGroup = argparse._ArgumentGroup  # noqa: SLF001 - argparse has no public name for it
"""A group of options, with a heading in the help."""
INTERVAL_LIMITS = (0.05, 3600.0)
"""The shortest and the longest time between samples, seconds."""
BUDGET_LIMITS = (0.01, 100.0)
"""The least and the most that reading may take of one CPU, percent."""


class CommandParser(argparse.ArgumentParser):
    """An argument parser whose errors are those of smapstop, and whose help fits 80 columns."""

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
        """Raise what argparse found.

        Raises:
            SmapstopError: Always.
        """
        raise SmapstopError(message.removeprefix("argument "), f"see {self.prog} --help")

    def print_help(self, file: IO[str] | None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Print the help, and tell when that fails: argparse would keep silent, and Python complain at its end."""
        print_text(self.format_help(), "the help")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help as it is written here, in 80 columns whatever the terminal's width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=27, width=80)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """An option as Python 3.13 writes it: `-i, --interval SECONDS`, the value once."""
        if not action.option_strings:
            return str(action.metavar)
        value = "" if action.nargs == 0 else f" {self._format_args(action, action.dest.upper())}"
        return f"{', '.join(action.option_strings)}{value}"

    def format_help(self) -> str:
        """The help with no empty lines between the groups of options: it shall fit a screen."""
        return re.sub(r"(\n  .*)\n\n(?=\S.*:\S*\n  \S*-)", r"\1\n", super().format_help())


def add_table_options(parser: CommandParser) -> None:
    """The options of what the dashboard begins with."""
    table = parser.add_argument_group("the table at the start")
    table.add_argument("--sort", metavar="COLUMN", help="sort by it: rss, delta, name, ... (moved)")
    table.add_argument("--filter", metavar="EXPR", default="", help="show only: libc !/usr kind:heap perm:w rss>10M")
    table.add_argument("--columns", metavar="A,B,C", help="show these: name,rss,delta,swap")
    table.add_argument("--config", metavar="FILE", help="settings and keys (~/.config/smapstop/config.toml)")


def add_decorate_option(group: OptionGroup) -> None:
    """The option to have glibc name its memory."""
    group.add_argument("--decorate", action="store_true", help="with --: glibc (2.39 or newer) names its memory")


def add_output_options(parser: CommandParser, output_help: str) -> None:
    """The options of the file that is recorded into; `what` is its help."""
    group = parser.add_argument_group("where to")
    group.add_argument("-o", "--output", metavar="FILE", help=output_help)
    group.add_argument("--force", action="store_true", help="replace a file that is there")
    group.add_argument("--redact", action="store_true", help="leave out words: command, paths, symbols")


def add_pace_options(group: OptionGroup) -> None:
    """The options of how often to sample; see `pace_of`."""
    group.add_argument(
        "-i",
        "--interval",
        metavar="SECONDS",
        type=_parse_interval,
        help="time between samples, 0.05 to 3600 (1)",
    )
    group.add_argument(
        "--budget",
        metavar="PERCENT",
        type=_parse_budget,
        help="CPU share of sampling; past it the interval grows (5)",
    )


def add_common_options(parser: CommandParser) -> OptionGroup:
    """The options that every verb has."""
    group = parser.add_argument_group("others")
    group.add_argument("-h", "--help", action="help", help="show this help")
    return group


def parse_options(parser: CommandParser, words: list[str]) -> tuple[argparse.Namespace, str | None]:
    """The options in the words, and the first word that is none.

    Raises:
        SmapstopError: There is no such option, or something is wrong with its value.
    """
    options, rest = parse_options_and_operands(parser, words)
    return options, rest[0] if rest else None


def parse_options_and_operands(parser: CommandParser, words: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """The options in the words, and the words that are none; `-` is one of these.

    Raises:
        SmapstopError: As for `parse`.
    """
    options, rest = parser.parse_known_args(words)
    unknown = next((word for word in rest if word.startswith("-") and word != "-"), None)
    if unknown is not None:
        raise SmapstopError(f"no option {unknown}", f"see {parser.prog} --help")
    return options, rest


def did_you_mean(word: str, words: list[str]) -> SmapstopError:
    """An unexpected word, and the command line that was probably meant."""
    return SmapstopError(f"unexpected {word!r}", f"did you mean: smapstop {shlex.join(words)}")


def _parse_interval(text: str) -> float:
    """Seconds from an argument."""
    return parse_number(text, "--interval", *INTERVAL_LIMITS, "seconds")


def _parse_budget(text: str) -> float:
    """Percent from an argument."""
    return parse_number(text, "--budget", *BUDGET_LIMITS, "percent of one CPU")


def parse_number(text: str, option: str, least: float, most: float, unit: str) -> float:
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
