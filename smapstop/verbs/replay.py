"""`smapstop replay`: the dashboard on a recording."""

from pathlib import Path

from smapstop.errors import SmapstopError
from smapstop.model.requests import Pace
from smapstop.options import did_you_mean, parse, replay_options
from smapstop.verbs.dashboard import require_terminal, settings_of
from smapstop.verbs.targets import Command


def run(words: list[str], command: Command) -> int:
    """Look at a recording, also while it is written."""
    options, word = parse(replay_options(), words)
    if command is not None:
        raise SmapstopError("replay starts no program", "smapstop record -o FILE -- COMMAND, and then replay FILE")
    if word is not None:
        raise did_you_mean(word, ["replay", word])
    if options.file is None:
        raise SmapstopError("replay needs a recording", "smapstop replay FILE")
    from smapstop.recording.store import Recording

    settings = settings_of(options, Pace())
    recording = Recording(Path(options.file))
    require_terminal("smapstop export FILE")
    from smapstop.replay import ReplaySource
    from smapstop.settings import Replay
    from smapstop.ui.app import run as show

    return show(ReplaySource(recording), Replay(options.file), settings)
