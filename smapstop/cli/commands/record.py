"""`smapstop record`: a process or a program recorded, without a dashboard."""

import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.arguments import (
    Parser,
    add_decorate,
    add_others,
    add_output,
    add_pace,
    did_you_mean,
    number_of,
    parse,
)
from smapstop.cli.output import safe
from smapstop.cli.progress import Progress
from smapstop.cli.targets import Command, environment, find_process, forbid_decorating, pace_of, require_executable
from smapstop.errors import SmapstopError
from smapstop.model.protocol import GRACE_SECONDS, Attach, Failure, Launch, Signal, Target

if TYPE_CHECKING:  # they import numpy
    from smapstop.model.tick import Ending, Tick
    from smapstop.recording.writer import Recorder
    from smapstop.source.base import News
    from smapstop.source.live import LiveSource

_ENOUGH = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class _Stop:
    """Enough was recorded."""

    why: str


def parser() -> Parser:
    """The options of `smapstop record`."""
    parser = Parser(
        "smapstop record",
        "smapstop record -o FILE [options] -p PID|NAME\n"
        "       smapstop record -o FILE [options] -- COMMAND [ARG ...]",
        "Records a process without a dashboard: until it ends, until ctrl-c, or for as\n"
        "long as you say. A program that is started keeps this terminal, and ctrl-c. Each\n"
        "tick is safe once it is written, whatever happens then. The file is an SQLite\n"
        "database: look at it with smapstop replay, or query it.",
        "examples:\n"
        "  smapstop record -o redis.smaps -p redis-server -i 5 --duration 3600\n"
        "                          an hour of redis, every five seconds\n"
        "  smapstop record -o run.smaps -i 0.1 -- ./a.out input.txt\n"
        "                          a.out from its first page to its end",
    )
    target = parser.add_argument_group("whom to record, this or -- COMMAND")
    target.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process")
    add_decorate(target)
    add_output(parser, "the recording, readable by you only")
    add_pace(parser.add_argument_group("how often"))
    length = parser.add_argument_group("how long; a program that was started is then ended")
    length.add_argument("--duration", metavar="SECONDS", type=_duration, help="stop after so many seconds")
    length.add_argument("--count", metavar="N", type=_count, help="stop after so many samples")
    add_others(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Record until the process ends, the user has enough, or as long as was asked for.

    Returns:
        Of a program that ended by itself its own status, else 0.
    """
    options, word = parse(parser(), words)
    if word is not None:
        raise _stray(word, words)
    if (options.pid is None) == (command is None) or command == ():
        raise SmapstopError("record needs one process", "smapstop record -o FILE, with -p PID or -- COMMAND")
    forbid_decorating(options, command)
    if options.output is None:
        raise SmapstopError("record needs a file to write", "-o FILE")
    if command is not None:
        require_executable(command[0])
        begin: Attach | Launch = Launch(command, environment(decorate=options.decorate), pace_of(options))
    else:
        begin = Attach(find_process(options.pid), pace_of(options))
    from smapstop.recording.redaction import Redaction
    from smapstop.recording.writer import Recorder
    from smapstop.source.live import LiveSource

    redaction = Redaction() if options.redact else None
    recorder = Recorder(Path(options.output), overwrite=options.force, redaction=redaction)
    recording = _Recording(recorder, options.count, launched=command is not None)
    try:
        with closing(LiveSource(stdio=(0, 1, 2) if command else ())) as source:
            return recording.of(source, begin, options.duration)
    finally:
        recorder.close(recording.why)
        recording.progress.end(recorder)


def _stray(word: str, words: list[str]) -> SmapstopError:
    """What a word probably means that stands alone: a program, or a process."""
    at = words.index(word)
    return did_you_mean(word, ["record", *words[:at], "--" if "/" in word else "-p", *words[at:]])


def _duration(text: str) -> float:
    """Seconds from an argument."""
    return number_of(text, "--duration", 0.01, 366 * 86_400, "seconds")


def _count(text: str) -> int:
    """A number of samples from an argument."""
    return int(number_of(text, "--count", 1, 1e12, "a number"))


class _Recording:
    """One run of `smapstop record`.

    Ctrl-C is for a program that we launched, which has the terminal; for one that we attached to it means enough.
    """

    def __init__(self, recorder: "Recorder", count: int | None, *, launched: bool) -> None:
        self.why = "the recorder failed"
        """Why it ended."""
        self.progress = Progress(quiet=launched)
        self._recorder = recorder
        self._count = count
        self._launched = launched
        self._writing = True
        self._news: queue.SimpleQueue[News | _Stop] = queue.SimpleQueue()

    def of(self, source: "LiveSource", begin: Attach | Launch, duration: float | None) -> int:
        """Record what a source tells.

        Returns:
            The exit status.
        """
        with _heeded(self._news.put, ignored=(signal.SIGINT,) if self._launched else ()):
            source.start(self._news.put)
            source.request(begin)
            ended = self._until_enough(duration)
            if ended is None and self._launched:
                self._end_program(source)
        if not self._writing:
            return 2
        if ended is None or not self._launched:
            return 0
        return 128 + ended.signal if ended.signal is not None else ended.status or 0

    def _until_enough(self, duration: float | None) -> "Ending | None":
        """Record until the process ends, or until enough was recorded.

        Args:
            duration: How long to record from the first tick on, seconds.

        Returns:
            How it ended; None when it goes on.
        """
        from smapstop.model.tick import Tick

        deadline = None
        while True:
            news = self._next(deadline)
            match news:
                case _Stop(why):
                    self.why = why
                    return None
                case Failure():
                    raise SmapstopError(news.what, news.remedy, status=news.status)
                case Target():
                    self._write(news)
                case Tick():
                    self._write(news)
                    self.progress.show(news, self._recorder)
                    if deadline is None and duration is not None:
                        deadline = time.monotonic() + duration
                    if news.ending is not None:
                        self.why = "the process ended"
                        return news.ending
                    if self._recorder.ticks == self._count:
                        self.why = "--count"
                        return None

    def _next(self, deadline: float | None) -> "News | _Stop":
        """What is told or happens next."""
        try:
            return self._news.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return _Stop("--duration")

    def _write(self, news: "Target | Tick") -> None:
        """Write what was told; a program that we launched goes on when that is not possible any more."""
        if not self._writing:
            return
        try:
            self._recorder.hear(news)
        except SmapstopError as error:
            if not self._launched:
                raise
            self._writing = False
            print(f"smapstop: {safe(str(error))}; the program goes on", file=sys.stderr)

    def _end_program(self, source: "LiveSource") -> None:
        """End the program, by force when it does not listen."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            source.request(Signal(number))
            deadline = time.monotonic() + GRACE_SECONDS
            with suppress(queue.Empty):
                while True:
                    news = self._news.get(timeout=max(0.0, deadline - time.monotonic()))
                    if isinstance(news, Failure) or getattr(news, "ending", None) is not None:
                        return


@contextmanager
def _heeded(tell: Callable[[_Stop], object], ignored: tuple[signal.Signals, ...]) -> Iterator[None]:
    """Have signals told instead of ending us at once."""

    def heed(number: int, _: object) -> None:
        tell(_Stop(signal.Signals(number).name))

    before = {number: signal.signal(number, signal.SIG_IGN if number in ignored else heed) for number in _ENOUGH}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
