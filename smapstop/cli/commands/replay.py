"""`smapstop replay`: open a recording in the dashboard."""

from pathlib import Path

from smapstop.cli.arguments import CommandParser, add_common_options, add_table_options, did_you_mean, parse_options
from smapstop.cli.commands.dashboard import require_terminal
from smapstop.cli.dashboard_settings import settings_of
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError


def build_parser() -> CommandParser:
    """Build the parser of `smapstop replay`."""
    parser = CommandParser(
        "smapstop replay",
        "smapstop replay FILE [options]",
        "Opens a recording in the dashboard, at its end. space plays it, p plays faster,\n"
        ", and . step through time, [ and ] jump to outliers, { and } to any change.\n"
        "A recording that is still being written is followed live.",
        "examples:\n"
        "  smapstop replay run.smaps\n"
        "                          the recording made by record -o run.smaps\n"
        "  smapstop replay run.smaps --filter 'libfoo delta!=0'\n"
        "                          only mappings of libfoo whose Rss changed",
    )
    group = parser.add_argument_group("what to open")
    group.add_argument("file", metavar="FILE", nargs="?", help="a recording")
    add_table_options(parser)
    add_common_options(parser)
    parser.set_defaults(interval=None, budget=None, redact=False)
    return parser


def run(words: list[str], command: Command) -> int:
    """Open a recording in the dashboard; one that is still being written is followed."""
    options, word = parse_options(build_parser(), words)
    if command is not None:
        raise SmapstopError(
            "replay cannot start a program", "smapstop record -o FILE -- COMMAND, then smapstop replay FILE"
        )
    if word is not None:
        raise did_you_mean(word, ["replay", word])
    if options.file is None:
        raise SmapstopError("replay needs a recording", "smapstop replay FILE")
    from smapstop.recording.reader import Recording

    settings = settings_of(options)
    recording = Recording(Path(options.file))
    require_terminal("use smapstop export FILE")
    from smapstop.settings import Replay
    from smapstop.source.replay import ReplaySource
    from smapstop.ui.run import run_dashboard

    return run_dashboard(ReplaySource(recording), Replay(options.file), settings)
