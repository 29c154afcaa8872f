"""`smapstop metrics`: serve figures of processes to Prometheus, until ctrl-c."""

import argparse
import queue
import re
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from smapstop.cli.arguments import (
    CommandParser,
    add_common_options,
    add_pace_options,
    add_via_option,
    did_you_mean,
    parse_options,
)
from smapstop.cli.output import print_text, sanitize_line
from smapstop.cli.remote_targets import require_running_one
from smapstop.cli.targets import Command, pace_of
from smapstop.errors import SmapstopError
from smapstop.model.protocol import Pace
from smapstop.number_limits import parse_number

if TYPE_CHECKING:  # they import numpy
    from smapstop.sampling.fleet_reader import FleetName
    from smapstop.sampling.fleet_watch import FleetWatch
    from smapstop.sampling.remote_fleet import RemoteFleet

GROUPS = ("kind", "purpose", "file", "name")
DEFAULT_LISTEN = "127.0.0.1:9464"
_INTERVAL_SECONDS = 5.0
"""Time between readings unless the user gives another: scrapes are rarer."""
_ADDRESS = re.compile(r"(?:\[([\da-fA-F:.]+)\]|([^\s:\[\]]+)):(\d{1,5})")


def build_parser() -> CommandParser:
    """Build the parser of `smapstop metrics`."""
    parser = CommandParser(
        "smapstop metrics",
        "smapstop metrics [options] -p NAME ...\n       smapstop metrics --grafana [--by GROUP]",
        "Serves the memory of processes to Prometheus until ctrl-c: totals of all with\n"
        "these names; for the largest also mappings in groups, what the kernel did to\n"
        "their pages, and limits. Processes may come and go.",
        "examples:\n"
        "  smapstop metrics -p redis-server nginx\n"
        "                          at http://127.0.0.1:9464/metrics\n"
        "  smapstop metrics -p gunicorn --family --by purpose --listen 10.0.0.5:9464\n"
        "                          a service with all its workers, for other machines",
    )
    target = parser.add_argument_group("what to watch")
    target.add_argument(
        "-p", "--pid", metavar="PID|NAME", nargs="+", action="extend", help="all processes with this name; or a pid"
    )
    target.add_argument("--family", action="store_true", help="the families of these processes, too, and their sums")
    add_via_option(target)
    form = parser.add_argument_group("metrics")
    form.add_argument(
        "--listen",
        metavar="ADDR:PORT",
        type=_parse_address,
        default=_parse_address(DEFAULT_LISTEN),
        help=f"where to serve them (default: {DEFAULT_LISTEN})",
    )
    form.add_argument(
        "--by", choices=GROUPS, metavar="GROUP", default="kind", help="kind, purpose, file or name (default: kind)"
    )
    form.add_argument(
        "--top", metavar="N", type=_parse_top, default=20, help="groups at most, the rest is other (default: 20)"
    )
    form.add_argument("--grafana", action="store_true", help="print a dashboard for Grafana instead")
    add_pace_options(parser.add_argument_group("sampling"), interval=f"{_INTERVAL_SECONDS:g}")
    add_common_options(parser)
    return parser


def run(words: list[str], command: Command) -> int:
    """Serve metrics until ctrl-c or a signal; or print the dashboard."""
    options, word = parse_options(build_parser(), words)
    if word is not None:
        raise did_you_mean(word, ["metrics", "-p", word])
    if command is not None:
        raise SmapstopError("metrics starts no program", "start it yourself, then: smapstop metrics -p NAME")
    require_running_one(options, command)
    if options.grafana:
        from smapstop.export.prometheus.grafana import dashboard_json

        print_text(dashboard_json(options.by), "the dashboard")
        return 0
    if not options.pid or "" in options.pid:
        raise SmapstopError("metrics needs the name of a process", "smapstop metrics -p NAME")
    if options.interval is None:
        options.interval = _INTERVAL_SECONDS
    with closing(_open_fleet(list(dict.fromkeys(options.pid)), pace_of(options), options)) as fleet:
        _serve(fleet, options)
    return 0


def _open_fleet(words: list[str], pace: Pace, options: argparse.Namespace) -> "FleetWatch | RemoteFleet":
    """Begin to watch the processes, here or elsewhere.

    Raises:
        SmapstopError: A pid is that of no process, or one that may not be read; or there is no shell elsewhere.
    """
    if options.via is not None:
        from smapstop.sampling.remote_fleet import RemoteFleet

        return RemoteFleet(
            options.via, words, pace, by=options.by, top=options.top, families=options.family, say=_say
        )
    from smapstop.sampling.fleet_watch import FleetWatch

    return FleetWatch(_find_names(words), pace, by=options.by, top=options.top, families=options.family, say=_say)


def _serve(fleet: "FleetWatch | RemoteFleet", options: argparse.Namespace) -> None:
    """Sample and serve until a signal comes."""
    from smapstop.export.prometheus.sampler_thread import SamplerThread
    from smapstop.export.prometheus.server import MetricsServer

    _raise_file_limit()
    events: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
    sampler = SamplerThread(fleet, events.put)
    with closing(MetricsServer(options.listen, sampler.latest, options.by)) as server, _stop_on_signals(events):
        _say(f"metrics of {', '.join(sampler.latest().names)} at {server.url}")
        if server.is_reachable_from_outside:
            _say("whoever reaches this port can read them: there is no password and no encryption")
        with sampler:
            server.start()
            error = events.get()
    if error is not None:
        raise error


def _raise_file_limit() -> None:
    """Allow as many open files as may be: a process takes one, and one that is sampled about six."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and soft < hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _find_names(words: list[str]) -> "list[FleetName]":
    """Names to watch; a pid stands for the process that has it now.

    Raises:
        SmapstopError: There is no such process, or it may not be read; or /proc is not usable.
    """
    from smapstop.cli.targets import require_memory
    from smapstop.proc.mount import require_proc
    from smapstop.proc.process import ProcDir
    from smapstop.proc.process_lookup import find_process
    from smapstop.sampling.fleet_reader import FleetName

    require_proc()
    names = []
    for word in words:
        if word.isascii() and word.isdecimal():
            pid = find_process(word)
            require_memory(pid)
            with ProcDir(pid) as process:
                counters = process.counters()
            names.append(FleetName(counters.name, (pid, counters.start_time)))
        else:
            names.append(FleetName(word))
    return names


@contextmanager
def _stop_on_signals(events: "queue.SimpleQueue[BaseException | None]") -> Iterator[None]:
    """Put None into a queue at a signal, instead of dying from it; nohup's choice to ignore SIGHUP stands."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: events.put(None)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(line: str) -> None:
    print(f"smapstop: {sanitize_line(line)}", file=sys.stderr, flush=True)


def _parse_address(text: str) -> tuple[str, int]:
    """Parse the value of `--listen`: an address or host name, and a port."""
    match = _ADDRESS.fullmatch(text)
    if not match or int(match[3]) > 65_535:
        raise SmapstopError(
            f"--listen {text}", f"give an address and a port: {DEFAULT_LISTEN}, 0.0.0.0:9464, [::1]:9464"
        )
    return match[1] or match[2], int(match[3])


def _parse_top(text: str) -> int:
    """Parse the value of `--top`."""
    number = parse_number(text, "--top", 1, 1000, "a number")
    if number != int(number):
        raise SmapstopError(f"--top {text}", "give a whole number")
    return int(number)
