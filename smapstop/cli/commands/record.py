"""`smapstop record`: record a running process or a launched program, without the dashboard."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from smapstop.cli.arguments import (
    CommandParser,
    add_alert_option,
    add_callers_option,
    add_common_options,
    add_decorate_option,
    add_output_options,
    add_pace_options,
    add_via_option,
    did_you_mean,
    parse_options,
)
from smapstop.cli.output import sanitize_line
from smapstop.cli.progress import Progress
from smapstop.cli.remote_targets import find_head, find_remote_pid, require_running_one
from smapstop.cli.targets import (
    Command,
    environment,
    find_watchable_process,
    pace_of,
    require_command_to_decorate,
    require_executable,
)
from smapstop.errors import SmapstopError
from smapstop.model.protocol import Attach, FollowFamily, Launch
from smapstop.number_limits import parse_number

if TYPE_CHECKING:  # they import numpy
    from smapstop.cli.alerts import RecordedAlerts
    from smapstop.model.alerts.expression import Alert
    from smapstop.model.tick import ExitStatus, Tick

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def build_parser() -> CommandParser:
    """Build the parser of `smapstop record`."""
    parser = CommandParser(
        "smapstop record",
        "smapstop record -o FILE [options] -p PID|NAME\n"
        "       smapstop record -o FILE [options] -- COMMAND [ARG ...]",
        "Records a process without the dashboard until it ends, until ctrl-c, or for a\n"
        "given time. A program started with -- keeps this terminal, and gets ctrl-c.\n"
        "Every tick is safe once written, even if smapstop is killed. The file is an\n"
        "SQLite database: open it with smapstop replay, or query it.",
        "examples:\n"
        "  smapstop record -o redis.smaps -p redis-server -i 5 --duration 3600\n"
        "                          an hour of redis, one sample every five seconds\n"
        "  smapstop record -o run.smaps -i 0.1 -- ./a.out input.txt\n"
        "                          a.out from its first page to its exit",
    )
    target = parser.add_argument_group("what to record (or -- COMMAND)")
    target.add_argument("-p", "--pid", metavar="PID|NAME", help="a running process")
    target.add_argument("--family", action="store_true", help="the totals of all processes of its family, too")
    add_via_option(target)
    add_decorate_option(target)
    add_output_options(parser, "the recording, readable only by you")
    sampling = parser.add_argument_group("sampling")
    add_pace_options(sampling)
    add_callers_option(sampling)
    length = parser.add_argument_group("when to stop (and end a program started with --)")
    length.add_argument("--duration", metavar="SECONDS", type=_parse_duration, help="stop after this many seconds")
    length.add_argument("--count", metavar="N", type=_parse_count, help="stop after this many samples")
    add_alert_option(length, "stop with status 3 when it holds: 'rss>500M'")
    length.add_argument("--then", metavar="CMD", help="with --alert: run this instead, and continue")
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Record until the process ends, the user stops it, or a limit is reached.

    Returns:
        The exit status of a launched program that ended by itself; 2 when recording failed; 3 when an alert ended it;
        else 0.
    """
    options, word = parse_options(build_parser(), words)
    if word is not None:
        raise _stray_word_error(word, words)
    if (options.pid is None) == (command is None) or command == ():
        raise SmapstopError("record needs one process", "smapstop record -o FILE, with -p PID or -- COMMAND")
    require_running_one(options, command)
    require_command_to_decorate(options, command)
    if options.output is None:
        raise SmapstopError("record needs a file to write", "-o FILE")
    if options.then is not None and not options.alert:
        raise SmapstopError("--then needs an alert", "--alert 'rss>500M' --then 'gcore $SMAPSTOP_PID'")
    alerts = _parse_alerts(options.alert)
    if command is not None:
        require_executable(command[0])
        variables = environment(command, decorate=options.decorate)
        begin: Attach | Launch = Launch(command, variables, pace_of(options), not options.no_callers)
    else:
        begin = Attach(_find_process(options), pace_of(options), not options.no_callers, options.via or "")
    return _record(begin, options, alerts)


def _find_process(options: argparse.Namespace) -> int:
    """Find the process to record; a name that several have is that of a family.

    Raises:
        SmapstopError: There is none, there are several, or it may not be read.
    """
    if options.family:
        return find_head(options.pid, options.via)[0]
    return find_watchable_process(options.pid) if options.via is None else find_remote_pid(options.via, options.pid)


def _parse_alerts(texts: list[str]) -> "list[Alert]":
    """Parse the values of `--alert`; equal ones count once.

    Raises:
        SmapstopError: One is invalid.
    """
    if not texts:
        return []
    from smapstop.model.alerts.expression import parse_alert

    return list(dict.fromkeys(map(parse_alert, texts)))


def _record(begin: Attach | Launch, options: argparse.Namespace, alerts: "list[Alert]") -> int:
    """Record a target, and return the exit status."""
    from smapstop.recording.redaction import Redaction
    from smapstop.recording.writer import Recorder
    from smapstop.source.headless import RECORDER_FAILED, HeadlessRun
    from smapstop.source.live import LiveSource
    from smapstop.source.tee import RecordingTee

    launched = isinstance(begin, Launch)
    has_family = options.family or any(alert.scope != "process" for alert in alerts)

    def report(error: SmapstopError) -> None:
        if not launched:
            raise error
        print(f"smapstop: {sanitize_line(str(error))}; the program keeps running", file=sys.stderr)

    # a signal that comes when the run is over must not end us before the recording is closed
    with ExitStack() as until_closed, closing(LiveSource(stdio=(0, 1, 2) if launched else ())) as live:
        redaction = Redaction() if options.redact else None
        recorder = Recorder(Path(options.output), overwrite=options.force, redaction=redaction)
        progress = Progress(quiet=launched)
        watched: RecordedAlerts | None = None

        def handle(tick: "Tick") -> None:
            progress.show(tick, recorder)
            if watched is not None:
                watched.append(tick)

        try:
            with closing(RecordingTee(live, lambda _: recorder, close_reason=RECORDER_FAILED)) as source:
                run = HeadlessRun(
                    source,
                    begin,
                    further=(FollowFamily(),) if has_family else (),
                    count=options.count,
                    seconds=options.duration,
                    outlives=any(alert.scope != "process" for alert in alerts),
                    on_tick=handle,
                    on_write_error=report,
                    on_family=lambda reading: watched.append_family(reading) if watched else None,
                    on_notice=lambda notice: progress.say(str(SmapstopError(notice.what, notice.remedy))),
                )
                watched = _watch_alerts(alerts, options, progress, run.stop) if alerts else None
                # ctrl-c goes to a launched program, which has the terminal; otherwise it stops the recording
                until_closed.enter_context(_stop_on_signals(run.stop, ignored=(signal.SIGINT,) if launched else ()))
                ending = run.run()
        finally:
            if watched is not None:
                watched.finish()
            progress.finish(recorder)
    if watched is not None and watched.line:
        print(f"smapstop: alert {watched.line}", file=sys.stderr)
        return 3
    if source.write_error is not None:
        return 2
    return _status_of(ending) if ending is not None and launched else 0


def _watch_alerts(
    alerts: "list[Alert]", options: argparse.Namespace, progress: Progress, stop: Callable[[str], object]
) -> "RecordedAlerts":
    """Watch the alerts of a recording."""
    from smapstop.cli.alerts import AlertCommand, RecordedAlerts

    then = AlertCommand(options.then, Path(options.output), progress.say) if options.then is not None else None
    return RecordedAlerts(alerts, then, progress.say, stop)


def _status_of(ending: "ExitStatus") -> int:
    """Return the exit status that a shell reports for this end of a program."""
    return 128 + ending.signal if ending.signal is not None else ending.status or 0


def _stray_word_error(word: str, words: list[str]) -> SmapstopError:
    """Make the error for a stray word: it is probably a program, or a process."""
    at = words.index(word)
    return did_you_mean(word, ["record", *words[:at], "--" if "/" in word else "-p", *words[at:]])


def _parse_duration(text: str) -> float:
    """Parse the value of `--duration`, seconds."""
    return parse_number(text, "--duration", 0.01, 366 * 86_400, "seconds")


def _parse_count(text: str) -> int:
    """Parse the value of `--count`."""
    return int(parse_number(text, "--count", 1, 1e12, "a number"))


@contextmanager
def _stop_on_signals(stop: Callable[[str], object], ignored: tuple[signal.Signals, ...]) -> Iterator[None]:
    """Call `stop` with the name of a signal instead of dying from it."""

    def handle(number: int, _: object) -> None:
        stop(signal.Signals(number).name)

    before = {
        number: signal.signal(number, signal.SIG_IGN if number in ignored else handle) for number in _STOP_SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
