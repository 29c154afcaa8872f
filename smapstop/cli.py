"""The command line: argv means one verb, and errors are one line. Nothing heavy is imported before its verb runs."""

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from smapstop.errors import SmapstopError
from smapstop.model.requests import Attach, Launch, Pace
from smapstop.options import dashboard_options, demo_options, did_you_mean, parse, snapshot_options, stray

if TYPE_CHECKING:  # these import numpy
    from smapstop.live import LiveSource
    from smapstop.settings import Pick, Settings
    from smapstop.snapshot import Snapshot

Command = tuple[str, ...] | None
"""What stands after `--`; None without one."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run smapstop.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        The exit status.
    """
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except SmapstopError as error:
        print(f"smapstop: {_safe(str(error))}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who read our output has had enough
        _give_up_stdout()
        return 0


def _give_up_stdout() -> None:
    """Let what is still buffered have somewhere to go when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _safe(line: str) -> str:
    """A line with names in it that the terminal cannot take for a command."""
    if line.isprintable():
        return line
    from smapstop.ui.format import printable

    return printable(line)


def _run(argv: list[str]) -> int:
    """Do what the arguments ask for."""
    at = argv.index("--") if "--" in argv else len(argv)
    words, command = argv[:at], tuple(argv[at + 1 :]) if at < len(argv) else None
    if words and words[0] in _VERBS:
        return _VERBS[words[0]](words[1:], command)
    return _dashboard(words, command)


# the dashboard


def _dashboard(words: list[str], command: Command) -> int:
    """Watch a running process, a launched program, or the process that the user picks."""
    options, word = parse(dashboard_options(), words)
    if word is not None:
        raise stray(word, words, _VERBS, has_pid=options.pid is not None)
    if command is not None and options.pid is not None:
        raise SmapstopError("both -p and -- are given", "-p watches a running process, -- starts a new one")
    if command == ():
        raise SmapstopError("no command after --", "smapstop -- ./a.out ARG...")
    if options.sort or options.filter or options.columns:
        _settings(options)  # what is wrong with them is told whatever else is
    _require_terminal("smapstop snapshot -p " + shlex.quote(options.pid or "PID"))
    if command is not None:
        return _launch(command, lambda: _settings(options))
    with _sampler() as source:
        settings = _settings(options)
        begin = _pick() if options.pid is None else Attach(_find(options.pid), settings.pace)
        from smapstop.ui.app import run

        return run(source, begin, settings)


@contextmanager
def _sampler(terminal: tuple[int, int] | None = None) -> "Iterator[LiveSource]":
    """The sampler, started before anything else: it gets ready while the dashboard is imported."""
    from smapstop.live import LiveSource

    with closing(LiveSource(terminal)) as source:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy starts threads that we do not need
        yield source


def _require_terminal(instead: str) -> None:
    """The dashboard needs a terminal on both sides."""
    if not _is_terminal(sys.stdin):
        where = "stdin is not a terminal"
    elif not _is_terminal(sys.stdout):
        where = "stdout is not a terminal"
    elif os.environ.get("TERM") == "dumb":
        where = "TERM=dumb has no cursor"
    else:
        return
    raise SmapstopError(f"the dashboard needs a terminal, and {where}", f"{instead} prints one sample")


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a standard stream is a terminal; one that was closed is None."""
    return stream is not None and stream.isatty()


def _pace(options: argparse.Namespace) -> Pace:
    return Pace(round(options.interval * 1e9), options.budget)


def _settings(options: argparse.Namespace) -> "Settings":
    """What the dashboard begins with.

    Raises:
        SmapstopError: There is no such column, or the filter makes no sense.
    """
    from smapstop.model.arrange import Sorting, filter_of
    from smapstop.settings import Settings
    from smapstop.ui.columns import SORTABLE, chosen

    columns = tuple(filter(None, (options.columns or "").split(",")))
    chosen(columns)
    filter_of(options.filter)
    sorting = Sorting()
    if options.sort in SORTABLE:
        sorting = Sorting(options.sort, descending=SORTABLE[options.sort].descending)
    elif options.sort not in (None, sorting.key):
        raise SmapstopError(
            f"no column {options.sort!r} to sort by", f"there are {sorting.key}, {', '.join(SORTABLE)}"
        )
    return Settings(_pace(options), sorting, options.filter, columns)


def _find(pid_or_name: str) -> int:
    """The pid of a process that can be watched.

    Raises:
        SmapstopError: There is none, or it may not be looked at.
    """
    from smapstop.proc.finding import find

    pid = find(pid_or_name)
    _require_memory(pid)
    return pid


def _require_memory(pid: int) -> None:
    """Make sure that a process can be watched.

    Raises:
        SmapstopError: It cannot.
    """
    from smapstop.proc.process import ProcDir

    with ProcDir(pid) as process:
        process.require_memory()


def _pick() -> "Pick":
    """Whom to pick from."""
    from smapstop.proc.finding import processes
    from smapstop.settings import Pick

    return Pick(processes, lambda found: _require_memory(found.pid))


def _launch(command: tuple[str, ...], settle: "Callable[[], Settings]", *, intro: str = "") -> int:
    """Start a program on a terminal of its own, and watch it from its exec on; settings can wait for the sampler."""
    _require_executable(command[0])
    from smapstop.terminal import open_terminal

    environment = dict(os.environ)
    size = shutil.get_terminal_size()
    with _sampler(open_terminal(size.lines // 2, size.columns)) as source:
        settings = settle()
        from smapstop.ui.app import run

        return run(source, Launch(command, environment, settings.pace), settings, intro=intro)


def _require_executable(name: str) -> None:
    """Make sure that a command can be started, in the shell's words and with its exit status.

    Raises:
        SmapstopError: There is no such command (127), or it cannot be executed (126).
    """
    if "/" not in name:
        if shutil.which(name) is not None:
            return
        here = shutil.which(f"./{name}")
        remedy = f"did you mean: smapstop -- {shlex.quote(here)}" if here else "is it spelled right, and in PATH?"
        raise SmapstopError(f"no command {name!r}", remedy, status=127)
    path = Path(name)
    if not path.exists():
        raise SmapstopError(f"no file {name!r}", "is it built, and is the path right?", status=127)
    if path.is_dir():
        raise SmapstopError(f"{name!r} is a directory", "name the program in it", status=126)
    if not os.access(path, os.X_OK):
        raise SmapstopError(f"{name!r} may not be executed", f"chmod +x {shlex.quote(name)}", status=126)


def _demo(words: list[str], command: Command) -> int:
    """Launch the copy-on-write experiment under the dashboard."""
    options, word = parse(demo_options(), words)
    if word is not None or command is not None:
        raise SmapstopError(f"unexpected {word or '--'!r}", "demo brings its own program: smapstop demo")
    _require_terminal("smapstop snapshot -p PID")
    from smapstop import demo

    def settle() -> "Settings":
        from smapstop.settings import Settings

        return Settings(_pace(options), columns=demo.COLUMNS)

    with demo.prepared() as experiment:
        return _launch(experiment.command, settle, intro=experiment.intro)


# snapshot


def _snapshot(words: list[str], command: Command) -> int:
    """Print one sample."""
    options, word = parse(snapshot_options(), words)
    if command is not None:
        raise SmapstopError("snapshot starts no program", "start it yourself, then: smapstop snapshot -p PID")
    if word is not None:
        raise did_you_mean(word, ["snapshot", "--from" if Path(word).is_file() else "-p", word])
    if options.rollup and options.sort is not None:
        raise SmapstopError("--rollup has nothing to sort", "leave --sort out")
    snapshot = _sample(options)
    _print(_formatted(snapshot, options))
    return 0


def _sample(options: argparse.Namespace) -> "Snapshot":
    """The sample that is asked for."""
    from smapstop.proc.finding import find
    from smapstop.snapshot import load, take, take_totals

    if options.pid is not None:
        return (take_totals if options.rollup else take)(find(options.pid))
    if options.file is None:
        raise SmapstopError("snapshot needs a process or a file", "smapstop snapshot -p PID|NAME, or --from FILE")
    snapshot = load(_read(options.file))
    return replace(snapshot, mappings=None) if options.rollup else snapshot


def _read(file: str) -> bytes:
    """A file; `-` is stdin."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        remedy = "--from reads a saved /proc/PID/smaps, or - for stdin"
        raise SmapstopError(f"cannot read {file!r}: {error.strerror}", remedy) from error


def _formatted(snapshot: "Snapshot", options: argparse.Namespace) -> str:
    """A sample in the format that is asked for."""
    from smapstop.snapshot import sorting_by
    from smapstop.snapshot_formats import as_csv, as_json, as_table

    sorting = None if options.sort is None else sorting_by(options.sort, snapshot)
    match options.format or ("table" if _is_terminal(sys.stdout) else "json"):
        case "json":
            return as_json(snapshot, sorting, options.grouping)
        case "csv":
            return as_csv(snapshot, sorting, options.grouping)
        case _:
            width = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns
            return as_table(snapshot, sorting, options.grouping, width=width)


_PIPE_WIDTH = 160
"""How wide a table is that goes into a file or a pipe."""


def _print(text: str) -> None:
    """Write a text out; bytes that are not UTF-8 as they were, but not to a terminal, which gets nothing to obey.

    Raises:
        SmapstopError: The disk is full, or stdout is closed.
    """
    if sys.stdout is None:
        raise SmapstopError("cannot write the snapshot: stdout is closed")
    if _is_terminal(sys.stdout):
        text = "\n".join(map(_safe, text.split("\n")))
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _give_up_stdout()
        raise SmapstopError(f"cannot write the snapshot: {error.strerror}") from error


_VERBS: dict[str, Callable[[list[str], Command], int]] = {"snapshot": _snapshot, "demo": _demo}
