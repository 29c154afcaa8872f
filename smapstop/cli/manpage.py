"""The man page, made from the parsers of all verbs: `make man` writes it to smapstop.1, which the wheel installs."""

import argparse
import re
import textwrap
import time
from collections.abc import Iterable

from smapstop import __version__
from smapstop.cli.commands import VERBS, build_parsers

_ESCAPES = str.maketrans({"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"})
"""What roff would take for a command, or set as another character: examples shall be copied."""


def format_man_page(date: str) -> str:
    """The man page, as man(7) has it; the date is when it was made, year-month-day."""
    lines = [f'.TH SMAPSTOP 1 {date} "smapstop {__version__}"', ".nh", ".ad l", ".SH NAME"]
    lines += [r"smapstop \- which mapping of a process changes, why, and what did the kernel do?", ".SH SYNOPSIS"]
    for verb, parser in build_parsers().items():
        parser.formatter_class = _ManPageFormatter
        lines += [*([f".SH SMAPSTOP {verb.upper()}"] if verb in VERBS else []), parser.format_help()]
    return "\n".join([*lines, ".SH SEE ALSO", r"\fBproc\fR(5), \fBpmap\fR(1)", ""])


class _ManPageFormatter(argparse.HelpFormatter):
    """What argparse tells of a parser, part by part, as lines of a man page."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._lines: list[str] = []
        self._heading = ""

    def add_usage(self, usage: str, *_: object) -> None:  # type: ignore[override]
        self._lines += [".nf", *(line.strip().translate(_ESCAPES) for line in usage.splitlines()), ".fi"]
        self._lines.append(".SH DESCRIPTION" if self._prog == "smapstop" else ".PP")

    def add_text(self, text: str | None) -> None:
        """A description, or words and commands that stand indented under a heading, each with what it is."""
        for block in (text or "").split("\n\n"):
            heading, _, items = block.partition("\n  ")
            self._lines += [f".SS {_capitalize(heading)}"] if items else _fill(block)
            for item in re.split(r"\n  (?=\S)", items) if items else ():
                term, what = re.split(r"\s{2,}", item, maxsplit=1)
                self._lines += [".TP", _bold(term), *_fill(what)]

    def start_section(self, heading: str | None) -> None:
        self._heading = heading or ""

    def end_section(self) -> None:
        pass

    def add_arguments(self, actions: Iterable[argparse.Action]) -> None:
        told = [action for action in actions if "--help" not in action.option_strings]
        self._lines += [f".SS {_capitalize(self._heading)}"] if told else []
        for action in told:
            value = self._format_args(action, action.dest) if action.option_strings else str(action.metavar)
            words = [", ".join(map(_bold, action.option_strings)), rf"\fI{value}\fR" if action.nargs != 0 else ""]
            self._lines += [".TP", " ".join(filter(None, words)), *_fill(self._expand_help(action))]

    def format_help(self) -> str:
        return "\n".join(self._lines)


def _bold(word: str) -> str:
    return rf"\fB{word.translate(_ESCAPES)}\fR"


def _capitalize(heading: str) -> str:
    """A heading with a capital."""
    return f"{heading[0].upper()}{heading[1:].rstrip(':')}".translate(_ESCAPES)


def _fill(text: str) -> list[str]:
    """A text as lines that are not too long, and no commands."""
    coded = "".join(c if c.isascii() else rf"\[u{ord(c):04X}]" for c in " ".join(text.split()).translate(_ESCAPES))
    lines = textwrap.wrap(coded, 78, break_long_words=False, break_on_hyphens=False)
    return [rf"\&{line}" if line.startswith(".") else line for line in lines]


if __name__ == "__main__":
    print(format_man_page(time.strftime("%Y-%m-%d")), end="")
