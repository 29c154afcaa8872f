"""Facts about a recording: process, time, machine, version of smapstop."""

import shlex
import time

from smapstop import __version__
from smapstop.export.html.recorded_run import RecordedRun
from smapstop.lazy_dataclass import dataclass
from smapstop.model.limit_use import LimitUse, count_mappings, limit_uses
from smapstop.proc.program_title import title_of
from smapstop.text import format as fmt

_MAX_COMMAND = 400
"""Characters of a command line."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact about the run."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class LimitFact:
    """A limit, and how much of it is used."""

    name: str
    used: str
    limit: str
    percent: float
    share: str


def name_of(run: RecordedRun) -> str:
    """Name of the process: an interpreter with its script."""
    name = run.timeline.header(run.last).counters.name
    if run.redaction or run.sums.last_exec:
        return fmt.printable(name)
    return fmt.printable(title_of(name, run.target.command_line))


def facts_of(run: RecordedRun) -> list[Fact]:
    """Facts about a run, without those that are unknown."""
    target, header = run.target, run.timeline.header
    first, last = header(run.timeline.oldest), header(run.last)
    facts = [
        ("command", _command(run)),
        ("pid", str(target.pid) if target.pid else ""),
        ("user", fmt.printable(target.user or "")),
        ("file", fmt.printable(run.file)),
        ("via", fmt.printable(target.remote_host.via) if target.remote_host else ""),
        ("kernel", f"Linux {fmt.printable(run.kernel)}" if run.kernel else ""),
        ("started", _date(target.started_ns) if target.started_ns else ""),
        ("recorded", f"{_date(first.wall_ns)} to {fmt.clock(last.wall_ns)}, {_length(run.seconds)}"),
        ("samples", f"{len(run.timeline):,}, every {fmt.span(last.interval_ns)}"),
        ("ended", _end_text(run)),
        ("recorded by", fmt.printable(run.tool)),
        ("report by", f"smapstop {__version__}"),
    ]
    return [Fact(label, value) for label, value in facts if value]


def _length(seconds: float) -> str:
    """Length of the recording."""
    return fmt.duration(seconds) if seconds >= 1 else fmt.span(round(seconds * 1e9))


def _command(run: RecordedRun) -> str:
    """Command line, as a shell takes it."""
    if run.redaction:
        return "left out (--redact)"
    command = fmt.clip(shlex.join(run.target.command_line), _MAX_COMMAND)
    return f"{command}; later it ran another program (exec): {name_of(run)}" if run.sums.last_exec else command


def _date(wall_ns: int) -> str:
    """Local date and time with the offset from UTC: "2026-11-30 14:05:09 +0100"."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(wall_ns // 1_000_000_000))


def _end_text(run: RecordedRun) -> str:
    """Why the recording ends where it does."""
    if run.is_cut:
        return "abruptly: the recorder was killed, or the disk was full"
    return fmt.printable(run.stop_reason) or "still being recorded"


def limits_of(run: RecordedRun) -> list[LimitFact]:
    """Limits of the process at the end, and how much of them it used."""
    tick, mappings = run.view.snapshot.reading_tick, run.view.snapshot.mappings
    return [_limit_fact(use) for use in limit_uses(tick, count_mappings(mappings))]


def _limit_fact(use: LimitUse) -> LimitFact:
    """One limit."""
    amount = fmt.count if use.name == "mappings" else _amount_of_bytes
    return LimitFact(
        "memory (cgroup)" if use.name == "memory" else use.name,
        amount(use.used),
        amount(use.limit),
        round(min(100.0, 100 * use.share), 2),
        fmt.percent(use.share),
    )


def _amount_of_bytes(amount: int) -> str:
    """Amount of bytes."""
    return fmt.amount(amount / 1024)
