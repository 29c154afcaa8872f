"""`smapstop demo`: run the copy-on-write experiment under the dashboard."""

from typing import TYPE_CHECKING

from smapstop.cli.arguments import CommandParser, add_common_options, add_pace_options, parse_options
from smapstop.cli.commands.dashboard import launch, require_terminal
from smapstop.cli.dashboard_settings import settings_of
from smapstop.cli.targets import Command
from smapstop.errors import SmapstopError

if TYPE_CHECKING:  # it imports numpy
    from smapstop.demo.build import Experiment
    from smapstop.settings import Walkthrough

INTERVAL_SECONDS, BUDGET_PERCENT = 0.25, 25.0
"""Sampling is quicker than the letter is typed, so that a reading precedes the write."""


def build_parser() -> CommandParser:
    """Build the parser of `smapstop demo`."""
    parser = CommandParser(
        "smapstop demo",
        "smapstop demo [options]",
        "Runs a copy-on-write experiment: compiles a small program that writes 4096 bytes\n"
        "into its own data on demand, starts it under the dashboard, and says what to\n"
        "watch. Without a C compiler, it runs a Python program instead.",
        "examples:\n"
        "  smapstop demo           press i, type a letter and Enter: a page is copied\n"
        "  CC=clang smapstop demo -i 0.2\n"
        "                          with another compiler, at five samples a second",
    )
    sampling = parser.add_argument_group("sampling")
    add_pace_options(sampling, interval=f"{INTERVAL_SECONDS:g}", budget=f"{BUDGET_PERCENT:g}")
    add_common_options(parser)
    parser.set_defaults(
        interval=INTERVAL_SECONDS, budget=BUDGET_PERCENT, sort="moved", filter="", config=None, redact=False
    )
    return parser


def run(words: list[str], command: Command) -> int:
    """Run the copy-on-write experiment under the dashboard."""
    options, word = parse_options(build_parser(), words)
    if word is not None or command is not None:
        raise SmapstopError(f"unexpected {word or '--'!r}", "demo brings its own program: smapstop demo")
    require_terminal("run smapstop demo in a terminal")
    from smapstop.demo.build import COLUMNS, prepare_experiment

    options.columns = ",".join(COLUMNS)
    with prepare_experiment() as experiment:
        return launch(
            experiment.command,
            lambda: settings_of(options),
            load_walkthrough=lambda: _walkthrough_of(experiment),
        )


def _walkthrough_of(experiment: "Experiment") -> "Walkthrough":
    """The experiment for the dashboard's walkthrough; imported late, because of numpy, while the sampler starts."""
    from smapstop.settings import Walkthrough

    return Walkthrough(experiment.file, experiment.symbol, experiment.note)
