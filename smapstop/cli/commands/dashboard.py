"""`smapstop`: the dashboard of a running process, of a program that it launches, or of one that the user picks."""

import argparse
import difflib
import os
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop import __version__
from smapstop.cli.arguments import (
    CommandParser,
    add_common_options,
    add_decorate_option,
    add_output_options,
    add_pace_options,
    add_table_options,
    did_you_mean,
    parse_options,
)
from smapstop.cli.commands import VERBS
from smapstop.cli.output import is_terminal
from smapstop.cli.targets import (
    Command,
    environment,
    find_watchable_process,
    pace_of,
    require_command_to_decorate,
    require_executable,
    require_memory,
    start_sampler,
)
from smapstop.errors import SmapstopError
from smapstop.model.protocol import Attach, Launch

if TYPE_CHECKING:  # they import numpy
    from smapstop.model.compare.runs import Run
    from smapstop.settings import Pick, Settings
    from smapstop.source.base import Source
    from smapstop.source.live import LiveSource
    from smapstop.ui.program_control import Rebuilds


def build_parser() -> CommandParser:
    """The options of the dashboard."""
    parser = CommandParser(
        "smapstop",
        "smapstop [options] [-p PID|NAME]\n"
        "       smapstop [options] [--watch [PATH]] -- COMMAND [ARG ...]\n"
        "       smapstop VERB ...",
        "Which mapping of my process is changing, why, and what did the kernel do?",
        "verbs, each with a --help of its own:\n"
        + "".join(f"  {verb:22}  {what}\n" for verb, what in VERBS.items())
        + "\n"
        "examples:\n"
        "  smapstop -p redis-server --filter 'kind:heap rss>1M'  the heap, above 1 MiB\n"
        "  smapstop -- ./a.out input.txt  start it, and watch it from its first page on",
    )
    target = parser.add_argument_group("whom to watch, how often")
    target.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process (without it: choose from a list)")
    target.add_argument(
        "--watch",
        metavar="PATH",
        nargs="?",
        const="",
        help="with --: begin anew when it, or PATH, is rebuilt",
    )
    add_decorate_option(target)
    add_pace_options(target)
    add_table_options(parser)
    add_output_options(parser, "record; with --watch run by run: a.smaps, a.2.smaps")
    others = add_common_options(parser)
    others.add_argument("--version", action="version", version=f"smapstop {__version__}", help="show the version")
    return parser


def run(words: list[str], command: Command) -> int:
    """Watch a running process, a launched program, or the process that the user picks."""
    options, word = parse_options(build_parser(), words)
    if word is not None:
        raise _stray_word_error(word, words, has_pid=options.pid is not None)
    if command is not None and options.pid is not None:
        raise SmapstopError("both -p and -- are given", "-p watches a running process, -- starts a new one")
    if command == ():
        raise SmapstopError("no command after --", "smapstop -- ./a.out ARG...")
    if options.watch is not None and command is None:
        raise SmapstopError("--watch needs a program to start", "smapstop --watch -- ./a.out ARG...")
    require_command_to_decorate(options, command)
    if options.sort or options.filter or options.columns or options.config:
        settings_of(options)  # what is wrong with them is told whatever else is
    require_terminal("smapstop snapshot -p " + shlex.quote(options.pid or "PID"))
    if command is not None:
        return launch(
            command,
            lambda: settings_of(options),
            record=lambda source: _tee_to_recording(source, options),
            decorate=options.decorate,
            rebuilds=None if options.watch is None else _rebuild_watcher(options.watch, command[0]),
        )
    with start_sampler() as source:
        settings = settings_of(options)
        begin = _pick() if options.pid is None else Attach(find_watchable_process(options.pid), settings.pace)
        from smapstop.ui.run import run_dashboard

        return run_dashboard(_tee_to_recording(source, options), begin, settings)


def _stray_word_error(word: str, words: list[str], *, has_pid: bool) -> SmapstopError:
    """What a word probably means that stands alone among the dashboard's: a verb, a program, or a process."""
    at = words.index(word)
    verb = difflib.get_close_matches(word, VERBS, n=1, cutoff=0.75)
    if verb:
        return did_you_mean(word, [*verb, *words[:at], *words[at + 1 :]])
    if has_pid and at > 0:
        return SmapstopError(f"unexpected {word!r}", "watch one process at a time")
    alone = at == len(words) - 1 and "/" not in word
    return did_you_mean(word, [*words[:at], "-p" if word.isdecimal() or alone else "--", *words[at:]])


def _rebuild_watcher(watched: str, program: str) -> "Rebuilds":
    """What tells of the rebuilds of a program.

    Args:
        watched: The file or directory to watch; empty for the program itself.
        program: As it is started; there may be no such program.

    Raises:
        SmapstopError: There is nothing to watch.
    """
    path = Path(watched or shutil.which(program) or program)
    if watched and not path.exists():
        raise SmapstopError(f"no file {watched!r} to watch", "is it built, and is the path right?")

    def begin() -> "AsyncIterator[None]":
        from smapstop.rebuild_watcher import watch_rebuilds  # with what it needs, which takes a while to import

        return watch_rebuilds(path, must_be_executable=not watched)

    return begin


def _tee_to_recording(source: "LiveSource", options: argparse.Namespace) -> "Source":
    """The source, recorded if that was asked for."""
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
    """The file for the recording of a run: run.smaps, run.2.smaps, ..."""
    return file if run == 1 else file.with_name(f"{file.stem}.{run}{file.suffix}")


def require_terminal(instead: str) -> None:
    """The dashboard needs a terminal on both sides, and a stderr, for Textual."""
    if not is_terminal(sys.stdin):
        where = "stdin is not a terminal"
    elif not is_terminal(sys.stdout):
        where = "stdout is not a terminal"
    elif sys.stderr is None:
        where = "stderr is closed"
    elif os.environ.get("TERM") == "dumb":
        where = "TERM=dumb has no cursor"
    else:
        return
    raise SmapstopError(f"the dashboard needs a terminal, and {where}", f"{instead} prints one sample")


def settings_of(options: argparse.Namespace) -> "Settings":
    """What the dashboard begins with: as the options say, else the config file, else as it was when it was left.

    Raises:
        SmapstopError: There is no such column, the filter makes no sense, or the config file is wrong.
    """
    from smapstop.cli.config.config_file import read_config
    from smapstop.cli.config.preferences import sorting_of
    from smapstop.cli.config.state_file import read_state, save_state
    from smapstop.model.view.filter import parse_filter
    from smapstop.model.view.sort import Sorting
    from smapstop.settings import Settings
    from smapstop.text.columns import find_columns

    columns = tuple(filter(None, (options.columns or "").split(",")))
    find_columns(columns)
    parse_filter(options.filter)
    sorting = None if options.sort is None else sorting_of(options.sort)
    wanted = read_config(options.config).with_defaults(read_state())
    return Settings(
        pace_of(options, wanted),
        sorting or wanted.sorting or Sorting(),
        options.filter,
        columns or wanted.columns or (),
        wanted.keys or {},
        wanted.theme or "",
        wanted.pane,
        save_state,
        partial(_save_run, redact=options.redact),
    )


def _save_run(run: "Run", *, redact: bool) -> "Iterator[str]":
    """Save what is known of a run; see `saved.save`."""
    from smapstop.recording.redaction import Redaction
    from smapstop.recording.save_run import save_run

    return save_run(run, Redaction() if redact else None)


def _pick() -> "Pick":
    """Whom to pick from."""
    from smapstop.proc.process_list import list_processes
    from smapstop.settings import Pick

    return Pick(list_processes, lambda found: require_memory(found.pid))


def launch(
    command: tuple[str, ...],
    load_settings: "Callable[[], Settings]",
    *,
    intro: str = "",
    record: "Callable[[LiveSource], Source]" = lambda source: source,
    rebuilds: "Rebuilds | None" = None,
    decorate: bool = False,
) -> int:
    """Start a program on a terminal of its own, and watch it from its exec on; settings can wait for the sampler."""
    require_executable(command[0])
    from smapstop.pseudo_terminal import open_terminal

    variables = environment(decorate=decorate)  # of now: ours change while the sampler starts
    size = shutil.get_terminal_size()
    with start_sampler(open_terminal(size.lines // 2, size.columns)) as source:
        settings = load_settings()
        from smapstop.ui.run import run_dashboard

        begin = Launch(command, variables, settings.pace)
        return run_dashboard(record(source), begin, settings, intro=intro, rebuilds=rebuilds)
