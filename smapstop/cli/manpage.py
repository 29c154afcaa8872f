"""Generate the man page from the parsers of all verbs.

`make man` writes it to smapstop.1, which the wheel installs.
"""

import argparse
import re
import textwrap
import time
from collections.abc import Iterable

from smapstop import __version__
from smapstop.cli.commands import VERBS, build_parsers

_ESCAPES = str.maketrans({"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"})
"""Characters that roff interprets or typesets differently, escaped so that examples can be copied."""


def format_man_page(date: str) -> str:
    """Format the man page in man(7) markup; the date is that of generation, year-month-day."""
    lines = [f'.TH SMAPSTOP 1 {date} "smapstop {__version__}"', ".nh", ".ad l", ".SH NAME"]
    lines += [r"smapstop \- watch which mappings of a process change, why, and what the kernel did", ".SH SYNOPSIS"]
    for verb, parser in build_parsers().items():
        parser.formatter_class = _ManPageFormatter
        lines += [*([f".SH SMAPSTOP {verb.upper()}"] if verb in VERBS else []), parser.format_help()]
    return "\n".join([*lines, ".SH SEE ALSO", r"\fBproc\fR(5), \fBpmap\fR(1)", ""])


class _ManPageFormatter(argparse.HelpFormatter):
    """Help formatter that writes man page markup."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._lines: list[str] = []
        self._heading = ""

    def add_usage(self, usage: str, *_: object) -> None:  # type: ignore[override]
        self._lines += [".nf", *(line.strip().translate(_ESCAPES) for line in usage.splitlines()), ".fi"]
        self._lines.append(".SH DESCRIPTION" if self._prog == "smapstop" else ".PP")

    def add_text(self, text: str | None) -> None:
        """Add a description, or a heading with indented terms or commands, each with its explanation."""
        for block in (text or "").split("\n\n"):
            heading, _, items = block.partition("\n  ")
            self._lines += [f".SS {_capitalize(heading)}"] if items else _fill(block)
            for item in re.split(r"\n  (?=\S)", items) if items else ():
                term, explanation = re.split(r"\s{2,}", item, maxsplit=1)
                self._lines += [".TP", _bold(term), *_fill(explanation)]

    def start_section(self, heading: str | None) -> None:
        self._heading = heading or ""

    def end_section(self) -> None:
        pass

    def add_arguments(self, actions: Iterable[argparse.Action]) -> None:
        shown = [action for action in actions if "--help" not in action.option_strings]
        self._lines += [f".SS {_capitalize(self._heading)}"] if shown else []
        for action in shown:
            value = self._format_args(action, action.dest) if action.option_strings else str(action.metavar)
            words = [", ".join(map(_bold, action.option_strings)), rf"\fI{value}\fR" if action.nargs != 0 else ""]
            self._lines += [".TP", " ".join(filter(None, words)), *_fill(self._expand_help(action))]

    def format_help(self) -> str:
        return "\n".join(self._lines)


def _bold(word: str) -> str:
    return rf"\fB{word.translate(_ESCAPES)}\fR"


def _capitalize(heading: str) -> str:
    """Capitalize a heading, and drop its colon."""
    return f"{heading[0].upper()}{heading[1:].rstrip(':')}".translate(_ESCAPES)


def _fill(text: str) -> list[str]:
    """Wrap a text into escaped lines of roff input, none of which is a request."""
    coded = "".join(c if c.isascii() else rf"\[u{ord(c):04X}]" for c in " ".join(text.split()).translate(_ESCAPES))
    lines = textwrap.wrap(coded, 78, break_long_words=False, break_on_hyphens=False)
    return [rf"\&{line}" if line.startswith(".") else line for line in lines]


if __name__ == "__main__":
    print(format_man_page(time.strftime("%Y-%m-%d")), end="")
