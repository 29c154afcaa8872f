"""`smapstop faults`: which functions and call stacks make page faults, in each mapping."""

import argparse
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from smapstop.cli.arguments import (
    CommandParser,
    add_common_options,
    add_decorate_option,
    did_you_mean,
    parse_options,
)
from smapstop.cli.output import is_terminal, print_text, sanitize_line, table_width
from smapstop.cli.targets import (
    Command,
    environment,
    find_watchable_process,
    require_command_to_decorate,
    require_executable,
)
from smapstop.errors import SmapstopError
from smapstop.model.protocol import GRACE_SECONDS, Attach, Failure, Launch, Pace, Signal, Target
from smapstop.number_limits import parse_number

if TYPE_CHECKING:  # they import numpy
    from smapstop.model.tick import ExitStatus
    from smapstop.report.faults.fault_report import FaultReport
    from smapstop.source.live import LiveSource

FORMATS = ("table", "json", "folded", "speedscope")
_BUDGET = 0.2
"""Share of a CPU that it may take: it is asked for once, and for this alone."""
_INTERVAL_NS = 200_000_000
"""Time between samples: memory that comes and goes in between is in no mapping that is known."""
_LAST_SAMPLE_SECONDS = 20
"""Time to wait for the last sample: it may be long on a busy machine."""
_NOW = Pace(1_000_000, 1.0)
"""Has the last sample taken at once."""


def build_parser() -> CommandParser:
    """Build the parser of `smapstop faults`."""
    parser = CommandParser(
        "smapstop faults",
        "smapstop faults [options] -p PID|NAME\n       smapstop faults [options] -- COMMAND [ARG ...]",
        "Shows which code touches memory: the page faults of a process by mapping and by\n"
        "call stack, until ctrl-c, for some seconds, or to the end of a program.\n"
        "A process gets its pages by page faults. You need neither root nor a restart.",
        "examples:\n"
        "  smapstop faults -p redis-server --duration 10 --mapping '[heap]'\n"
        "                          who makes the heap grow\n"
        "  smapstop faults --format folded -- ./a.out | flamegraph.pl >faults.svg\n"
        "                          a flame graph of all page faults of a.out",
    )
    target = parser.add_argument_group("what to watch (or -- COMMAND)")
    target.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process")
    add_decorate_option(target)
    target.add_argument(
        "--duration", metavar="SECONDS", type=_parse_duration, help="stop, and end COMMAND, after this many seconds"
    )
    form = parser.add_argument_group("what to print, and how")
    form.add_argument("--mapping", metavar="M", help="only the faults in mappings of this name, or at this address")
    form.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help="table, json, folded (for flame graphs), speedscope (default: table on a terminal, else json)",
    )
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Print the page faults of a process or a program.

    Returns:
        The exit status of a program that ended by itself; else 0.
    """
    options, word = parse_options(build_parser(), words)
    if word is not None:
        raise did_you_mean(word, ["faults", "--" if "/" in word else "-p", word])
    if (options.pid is None) == (command is None) or command == ():
        raise SmapstopError("faults needs one process", "smapstop faults, with -p PID or -- COMMAND")
    require_command_to_decorate(options, command)
    pace = Pace(_INTERVAL_NS, _BUDGET)
    if command is None:
        begin: Attach | Launch = Attach(find_watchable_process(options.pid), pace, callers=True)
    else:
        require_executable(command[0])
        begin = Launch(command, environment(command, decorate=options.decorate), pace, callers=True)
    report, ending, notes = _watch(begin, options.duration)
    for note in notes:
        print(f"smapstop: {sanitize_line(note)}", file=sys.stderr)
    if options.mapping is not None:
        report = report.of_mappings(options.mapping)
    print_text(_format_report(report, options), "the page faults")
    if ending is None:
        return 0
    return 128 + ending.signal if ending.signal is not None else ending.status or 0


def _watch(begin: Attach | Launch, seconds: float | None) -> "tuple[FaultReport, ExitStatus | None, list[str]]":
    """Watch a target; return its faults, how a launched program ended, and notes on faults that were missed."""
    from smapstop.source.live import LiveSource

    launched = isinstance(begin, Launch)
    # a program shares our terminal, but not our output if another program reads that
    stdio = (0, 1 if is_terminal(sys.stdout) else 2, 2) if launched else ()
    with closing(LiveSource(stdio=stdio)) as source:
        watch = _Watch(source, seconds, launched=launched)
        with _stop_on_signals(watch.stop, ignored=(signal.SIGINT,) if launched else ()):
            ending = watch.run(begin)
    notes = [note for note in (watch.missing, watch.uncounted) if note]
    return watch.collector.report(), ending if launched else None, notes


class _Watch:
    """Watches a target until it ends, the time is over, or the user stops it."""

    def __init__(self, source: "LiveSource", seconds: float | None, *, launched: bool) -> None:
        from smapstop.report.faults.fault_report import FaultCollector

        self.collector = FaultCollector()
        self._source = source
        self._seconds = seconds
        self._launched = launched
        self._deadline: float | None = None
        self._messages: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._last_signals = iter((signal.SIGTERM, signal.SIGKILL))
        self.missing = ""
        """Which faults are not seen, and what to do."""
        self._last_ns: int | None = None
        """Time at which the last sample was asked for."""
        self._counted_ns = 0
        """Time up to which faults are counted."""
        self.uncounted = ""
        """Which faults are not counted, as the last sample did not come."""
        self._ending: ExitStatus | None = None

    def stop(self) -> None:
        """End it soon; callable from a signal handler."""
        self._messages.put(None)

    def run(self, begin: Attach | Launch) -> "ExitStatus | None":
        """Watch, and return how the process ended; None if it was stopped before.

        Raises:
            SmapstopError: The page faults may not be seen, or the process cannot be read.
        """
        self._source.start(self._messages.put)
        self._source.request(begin)
        while True:
            message = self._next_message()
            if message is None:
                if not self._end():
                    seconds = (time.monotonic_ns() - self._counted_ns) / 1e9
                    self.uncounted = f"no last sample: page faults of the last {seconds:.0f} s are not counted"
                    return None
                continue
            if self._take(message):
                return self._ending

    def _next_message(self) -> object:
        """Wait for the next message; None when it is time to stop."""
        timeout = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        try:
            return self._messages.get(timeout=timeout)
        except queue.Empty:
            return None

    def _take(self, message: object) -> bool:
        """Take over a message; whether it is the last one."""
        from smapstop.model.tick import Tick

        match message:
            case Target(missing_callers=missing):
                self.missing = missing
            case Failure(what, remedy, status):
                raise SmapstopError(what, remedy, status=status)
            case Tick():
                if message.has_mappings and message.faults is None:
                    self._end()
                    raise SmapstopError(self.missing)
                if self._seconds is not None and self._deadline is None:
                    self._deadline = time.monotonic() + self._seconds
                self.collector.add(message)
                if message.faults is not None:
                    self._counted_ns = message.monotonic_ns
                self._ending = message.ending
                is_last = self._last_ns is not None and message.monotonic_ns > self._last_ns
                return self._ending is not None or (is_last and message.has_mappings)
        return False

    def _end(self) -> bool:
        """Have the last sample taken; or end a launched program, each time with a stronger signal.

        Returns:
            Whether to wait for that.
        """
        if self._launched:
            number = next(self._last_signals, None)
            if number is None:
                return False
            self._source.request(Signal(number))
        elif self._last_ns is not None:
            return False
        else:
            self._last_ns = time.monotonic_ns()
            self._source.request(_NOW)
        self._deadline = time.monotonic() + (GRACE_SECONDS if self._launched else _LAST_SAMPLE_SECONDS)
        return True


@contextmanager
def _stop_on_signals(stop: Callable[[], object], ignored: tuple[signal.Signals, ...]) -> Iterator[None]:
    """Call `stop` at a signal instead of dying from it."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, signal.SIG_IGN if number in ignored else lambda *_: stop())
        for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _format_report(report: "FaultReport", options: argparse.Namespace) -> str:
    """Format the report as `--format` says; by default a table on a terminal, else JSON."""
    from smapstop.report.faults.render import as_folded, as_json, as_speedscope, as_table

    match options.format or ("table" if is_terminal(sys.stdout) else "json"):
        case "json":
            return as_json(report)
        case "folded":
            return as_folded(report)
        case "speedscope":
            return as_speedscope(report)
        case _:
            return as_table(report, table_width())


def _parse_duration(text: str) -> float:
    """Parse the value of `--duration`, seconds."""
    return parse_number(text, "--duration", 0.05, 366 * 86_400, "seconds")
