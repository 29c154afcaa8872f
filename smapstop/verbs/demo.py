"""`smapstop demo`: the copy-on-write experiment, launched under the dashboard."""

from typing import TYPE_CHECKING

from smapstop.errors import SmapstopError
from smapstop.options import demo_options, parse
from smapstop.verbs.dashboard import launch, require_terminal
from smapstop.verbs.targets import Command, pace_of

if TYPE_CHECKING:  # it imports numpy
    from smapstop.settings import Settings


def run(words: list[str], command: Command) -> int:
    """Launch the copy-on-write experiment under the dashboard."""
    options, word = parse(demo_options(), words)
    if word is not None or command is not None:
        raise SmapstopError(f"unexpected {word or '--'!r}", "demo brings its own program: smapstop demo")
    require_terminal("smapstop snapshot -p PID")
    from smapstop import demo

    def settle() -> "Settings":
        from smapstop.settings import Settings

        return Settings(pace_of(options), columns=demo.COLUMNS)

    with demo.prepared() as experiment:
        return launch(experiment.command, settle, intro=experiment.intro)
