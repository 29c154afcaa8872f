"""`smapstop`: the dashboard of a running process, a launched program, or a process chosen from a list."""

import argparse
import difflib
import os
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop import __version__
from smapstop.cli.arguments import (
    CommandParser,
    add_alert_option,
    add_callers_option,
    add_common_options,
    add_decorate_option,
    add_output_options,
    add_pace_options,
    add_table_options,
    add_via_option,
    did_you_mean,
    parse_options,
)
from smapstop.cli.commands import VERBS, list_verbs
from smapstop.cli.dashboard_settings import settings_of
from smapstop.cli.output import is_terminal
from smapstop.cli.remote_targets import find_head, pick_from, require_running_one
from smapstop.cli.targets import (
    Command,
    environment,
    require_command_to_decorate,
    require_executable,
    start_sampler,
)
from smapstop.errors import SmapstopError
from smapstop.model.protocol import Attach, Launch

if TYPE_CHECKING:  # they import numpy
    from smapstop.settings import Pick, Settings, Walkthrough
    from smapstop.source.base import Source
    from smapstop.source.live import LiveSource
    from smapstop.ui.program_control import Rebuilds


def build_parser() -> CommandParser:
    """Build the parser of the dashboard."""
    parser = CommandParser(
        "smapstop",
        "smapstop [options] [-p PID|NAME | -- COMMAND [ARG ...] | VERB ...]",
        "Shows which mappings of a process change, why, and what the kernel did.",
        "verbs (smapstop VERB --help explains each):\n" + list_verbs() + "\n"
        "examples:\n"
        "  smapstop -p redis-server --filter 'kind:heap rss>1M'  heap mappings over 1 MiB\n"
        "  smapstop -- ./a.out input.txt  start a.out and watch it from its first page",
    )
    target = parser.add_argument_group("what to watch, and how often")
    target.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process (default: choose from a list)")
    add_via_option(target)
    target.add_argument("--family", action="store_true", help="begin with all processes of its family")
    target.add_argument(
        "--watch",
        metavar="PATH",
        nargs="?",
        const="",
        help="with --: restart when COMMAND (or PATH) is rebuilt",
    )
    add_decorate_option(target)
    add_pace_options(target)
    add_alert_option(target, "warn when it holds: 'rss>500M', 'rate>5M/s for 30s'")
    add_callers_option(target)
    add_table_options(parser)
    add_output_options(parser, "record; with --watch, per run: a.smaps, a.2.smaps")
    common = add_common_options(parser)
    common.add_argument("--version", action="version", version=f"smapstop {__version__}", help="show the version")
    return parser


def run(words: list[str], command: Command) -> int:
    """Run the dashboard on a running process, a launched program, or the process that the user picks."""
    options, word = parse_options(build_parser(), words)
    if word is not None:
        raise _stray_word_error(word, words, has_pid=options.pid is not None)
    if command is not None and options.pid is not None:
        raise SmapstopError("both -p and -- are given", "-p watches a running process, -- starts a new one")
    if command == ():
        raise SmapstopError("no command after --", "smapstop -- ./a.out ARG...")
    if options.watch is not None and command is None:
        raise SmapstopError("--watch needs a program to start", "smapstop --watch -- ./a.out ARG...")
    require_running_one(options, command)
    require_command_to_decorate(options, command)
    if options.sort or options.filter or options.columns or options.config or options.alert:
        settings_of(options)  # report their errors even without a terminal
    snapshot = ["snapshot", *(["--via", options.via] if options.via else []), "-p", options.pid or "PID"]
    instead = ["record", "-o", "FILE", "--", *command] if command else snapshot
    require_terminal(f"use {shlex.join(['smapstop', *instead])}")
    if command is not None:
        return launch(
            command,
            lambda: settings_of(options),
            record=lambda source: _tee_to_recording(source, options),
            decorate=options.decorate,
            rebuilds=None if options.watch is None else _rebuild_watcher(options.watch, command[0]),
        )
    with start_sampler() as source, ExitStack() as stack:
        settings = replace(settings_of(options), shows_family=options.family)
        begin: Attach | Pick
        if options.pid is None:
            begin = stack.enter_context(pick_from(options.via))
        else:
            pid, is_family = find_head(options.pid, options.via)
            begin = Attach(pid, settings.pace, settings.callers, options.via or "")
            settings = replace(settings, shows_family=options.family or is_family)
        from smapstop.ui.run import run_dashboard

        return run_dashboard(_tee_to_recording(source, options), begin, settings)


def _stray_word_error(word: str, words: list[str], *, has_pid: bool) -> SmapstopError:
    """Make the error for a stray word: it is probably a verb, a program, or a process."""
    if word == "help":  # as of git, apt and pip
        return SmapstopError(
            "unexpected 'help'", "smapstop --help explains the options, smapstop guide everything else"
        )
    at = words.index(word)
    verb = difflib.get_close_matches(word, VERBS, n=1, cutoff=0.75)
    if verb:
        return did_you_mean(word, [*verb, *words[:at], *words[at + 1 :]])
    if has_pid and at > 0:
        return SmapstopError(f"unexpected {word!r}", "watch one process at a time")
    alone = at == len(words) - 1 and "/" not in word
    return did_you_mean(word, [*words[:at], "-p" if word.isdecimal() or alone else "--", *words[at:]])


def _rebuild_watcher(watched: str, program: str) -> "Rebuilds":
    """Watcher of the rebuilds of a program.

    Args:
        watched: The file or directory to watch; empty for the program itself.
        program: The command to start; it may not exist.

    Raises:
        SmapstopError: The file or directory to watch does not exist.
    """
    path = Path(watched or shutil.which(program) or program)
    if watched and not path.exists():
        raise SmapstopError(f"no file {watched!r} to watch", "is it built, and is the path right?")

    def begin() -> "AsyncIterator[None]":
        from smapstop.rebuild_watcher import watch_rebuilds  # its dependencies take a while to import

        return watch_rebuilds(path, must_be_executable=not watched)

    return begin


def _tee_to_recording(source: "LiveSource", options: argparse.Namespace) -> "Source":
    """Record what the source delivers if `-o` is given; else return the source unchanged."""
    if options.output is None:
        return source
    from smapstop.recording.redaction import Redaction
    from smapstop.recording.writer import Recorder
    from smapstop.source.tee import RecordingTee

    file, redaction = Path(options.output), Redaction() if options.redact else None

    def begin(run: int) -> Recorder:
        return Recorder(_run_file(run, file), overwrite=options.force, redaction=redaction)

    return RecordingTee(source, begin)


def _run_file(run: int, file: Path) -> Path:
    """File of the recording of a run: run.smaps, run.2.smaps, ..."""
    return file if run == 1 else file.with_name(f"{file.stem}.{run}{file.suffix}")


def require_terminal(remedy: str) -> None:
    """Check that stdin and stdout are terminals and stderr is open, as Textual needs.

    Args:
        remedy: What to do otherwise.

    Raises:
        SmapstopError: One of them is not.
    """
    if not is_terminal(sys.stdin):
        reason = "stdin is not a terminal"
    elif not is_terminal(sys.stdout):
        reason = "stdout is not a terminal"
    elif sys.stderr is None:
        reason = "stderr is closed"
    elif os.environ.get("TERM") == "dumb":
        reason = "TERM=dumb has no cursor"
    else:
        return
    raise SmapstopError(f"the dashboard needs a terminal, but {reason}", remedy)


def launch(
    command: tuple[str, ...],
    load_settings: "Callable[[], Settings]",
    *,
    load_walkthrough: "Callable[[], Walkthrough | None]" = lambda: None,
    record: "Callable[[LiveSource], Source]" = lambda source: source,
    rebuilds: "Rebuilds | None" = None,
    decorate: bool = False,
) -> int:
    """Start a program on its own pseudo-terminal, and watch it from exec on; return the exit status.

    Args:
        command: The program and its arguments.
        load_settings: Called once the sampler is starting, so that both overlap.
        load_walkthrough: Called after that; the experiment through which the dashboard walks the user.
        record: Wraps the source, to record it.
        rebuilds: Watcher of rebuilds; None to run the program once.
        decorate: Make glibc name its memory, and Python its functions.

    Raises:
        SmapstopError: The program cannot be started.
    """
    require_executable(command[0])
    from smapstop.pseudo_terminal import open_terminal

    variables = environment(command, decorate=decorate)
    size = shutil.get_terminal_size()
    with start_sampler(open_terminal(size.lines // 2, size.columns)) as source:
        settings = load_settings()
        from smapstop.ui.run import run_dashboard

        begin = Launch(command, variables, settings.pace, settings.callers)
        return run_dashboard(record(source), begin, settings, walkthrough=load_walkthrough(), rebuilds=rebuilds)
