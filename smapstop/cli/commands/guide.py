"""`smapstop guide`: show a chapter of the guide, in a viewer or as text."""

import difflib
import os
import sys

from smapstop.cli.arguments import CommandParser, add_common_options, parse_options
from smapstop.cli.output import is_terminal, print_text
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError
from smapstop.guide import CONTENTS, chapters, read_chapter


def build_parser() -> CommandParser:
    """Build the parser of `smapstop guide`."""
    parser = CommandParser(
        "smapstop guide",
        "smapstop guide [CHAPTER]",
        "Shows a chapter of the guide: in a viewer on a terminal, otherwise as Markdown.\n"
        "Without CHAPTER it shows the contents.",
        "chapters:\n" + "".join(f"  {name:22}  {what}\n" for name, what in chapters().items()) + "\n"
        "examples:\n"
        "  smapstop guide recipes  which mapping is leaking, which worker copies pages\n"
        "  smapstop guide recordings | grep -A 2 '^[$] sqlite3'\n"
        "                          the SQL examples",
    )
    group = parser.add_argument_group("what to show")
    group.add_argument(
        "chapter",
        metavar="CHAPTER",
        nargs="?",
        choices=(CONTENTS, *chapters()),
        type=_parse_chapter,
        default=CONTENTS,
        help="one of the chapters below (default: contents)",
    )
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Show a chapter in the viewer, or print it."""
    options, word = parse_options(build_parser(), words)
    if word is not None or command is not None:
        raise SmapstopError(f"unexpected {word or '--'!r}", "give one chapter: smapstop guide CHAPTER")
    if _has_viewer():
        return _show_in_viewer(options.chapter)
    print_text(read_chapter(options.chapter), "the guide")
    return 0


def _parse_chapter(text: str) -> str:
    """Parse the name of a chapter.

    Raises:
        SmapstopError: There is no such chapter.
    """
    names = (CONTENTS, *chapters())
    if text in names:
        return text
    close = difflib.get_close_matches(text.casefold().removesuffix(".md"), names, n=1, cutoff=0.6)
    raise SmapstopError(
        f"no chapter {text!r}", f"did you mean {close[0]}?" if close else f"the chapters are {', '.join(names)}"
    )


def _has_viewer() -> bool:
    """Whether the viewer can run: stdin and stdout are terminals with a cursor, and stderr is open."""
    streams = (sys.stdin, sys.stdout)
    return all(map(is_terminal, streams)) and sys.stderr is not None and os.environ.get("TERM") != "dumb"


def _show_in_viewer(name: str) -> int:
    """Show a chapter in the viewer, with the theme and keys of the dashboard."""
    from smapstop.cli.config.config_file import read_config
    from smapstop.cli.config.preferences import NO_PREFERENCES
    from smapstop.cli.config.state_file import read_state
    from smapstop.ui.run import run_guide

    try:
        preferences = read_config().with_defaults(read_state())
    except SmapstopError:  # the guide must open even so: it explains the config file
        preferences = NO_PREFERENCES
    return run_guide(name, preferences.theme or "", preferences.keys or {})
