"""`smapstop replay`: the dashboard on a recording."""

from pathlib import Path

from smapstop.cli.arguments import CommandParser, add_common_options, add_table_options, did_you_mean, parse_options
from smapstop.cli.commands.dashboard import require_terminal, settings_of
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError


def build_parser() -> CommandParser:
    """The options of `smapstop replay`."""
    parser = CommandParser(
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
    add_table_options(parser)
    add_common_options(parser)
    parser.set_defaults(interval=None, budget=None, redact=False)
    return parser


def run(words: list[str], command: Command) -> int:
    """Look at a recording, also while it is written."""
    options, word = parse_options(build_parser(), words)
    if command is not None:
        raise SmapstopError("replay starts no program", "smapstop record -o FILE -- COMMAND, and then replay FILE")
    if word is not None:
        raise did_you_mean(word, ["replay", word])
    if options.file is None:
        raise SmapstopError("replay needs a recording", "smapstop replay FILE")
    from smapstop.recording.reader import Recording

    settings = settings_of(options)
    recording = Recording(Path(options.file))
    require_terminal("smapstop export FILE")
    from smapstop.settings import Replay
    from smapstop.source.replay import ReplaySource
    from smapstop.ui.run import run_dashboard

    return run_dashboard(ReplaySource(recording), Replay(options.file), settings)
