"""Text of the header and the totals."""

import signal
from dataclasses import dataclass

import numpy as np

from smapstop.model.protocol import EndOfRecording, Target
from smapstop.model.tick import ExitStatus, OomKill, Tick
from smapstop.model.timeline.map_diff import is_own_change
from smapstop.model.timeline.rates import cpu_share, fault_rates, rate_seconds
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.totals import SUMMED_FIELDS, hugetlb_kb
from smapstop.model.view.view import View
from smapstop.text import format as fmt

_STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting for disk",
    "T": "stopped",
    "t": "traced",
    "Z": "zombie",
    "X": "dead",
    "I": "idle",
}
_KERNEL = np.uint64(1 << 63)
"""Start of the kernel's addresses; [vsyscall], shown there, does not count towards max_map_count."""
_LONG_NS = 1_000_000_000
"""Readings that take at least this long are announced in the header, ns."""


@dataclass(frozen=True, slots=True)
class Header:
    """Parts of the header; on a narrow terminal the last ones of each side are dropped first."""

    name: str
    process_facts: tuple[str, ...]
    """Run, pid, state, threads, CPU and uptime of the process, or how it ended."""
    mode: str
    """Live, paused, playing, or ended."""
    moving: bool
    """Whether the display keeps advancing."""
    costs: tuple[str, ...]
    """Baseline, cost of the reading, and start of the history."""


def header_of(
    target: Target,
    view: View,
    timeline: Timeline,
    over: EndOfRecording | None = None,
    *,
    run: int = 0,
    overdue_seconds: int = 0,
) -> Header:
    """Build the header of a view.

    Args:
        target: Process that is watched.
        view: View to describe.
        timeline: Its timeline.
        over: Set when a recording has ended.
        run: Number of the run; 0 if there is only one.
        overdue_seconds: Seconds since the next tick was due; 0 if it is not overdue.
    """
    tick = view.snapshot.tick
    ending = tick.ending
    reading = view.snapshot.reading_tick
    cost = f"read {fmt.span(reading.read_ns)} ({fmt.percent(reading.read_ns / reading.smaps_interval_ns)})"
    return Header(
        name=fmt.printable(tick.counters.name),
        process_facts=(
            *((f"run {run}",) if run else ()),
            *((str(target.pid),) if target.pid else ()),
            *((exit_status_label(ending),) if ending else _facts_alive(view, target)),
        ),
        mode=_mode(view, timeline, over, overdue_seconds),
        moving=view.state.speed > 0
        or (view.state.at is None and ending is None and over is None and not overdue_seconds),
        costs=(
            f"Δ {baseline_text(view, timeline)}",
            *((cost,) if reading.read_ns and not ending else ()),
            *_history_start(timeline),
        ),
    )


def _facts_alive(view: View, target: Target) -> tuple[str, ...]:
    """State, threads, CPU and uptime of the process, without those that are unknown, as in imported texts."""
    tick = view.snapshot.tick
    counters = tick.counters
    share = cpu_share(view.previous_tick, tick, target.clock_ticks)
    facts = (
        (counters.state, f"{counters.state} {_STATES.get(counters.state, '')}".rstrip()),
        (counters.threads, f"{counters.threads} thread{'s' * (counters.threads != 1)}"),
        (counters.user_ticks is not None, f"cpu {fmt.percent(share)}"),
        (target.started_ns, f"up {fmt.duration((tick.wall_ns - (target.started_ns or 0)) / 1e9)}"),
    )
    return tuple(text for known, text in facts if known)


def exit_status_text(ending: ExitStatus) -> str:
    """Text of how a process ended, with what is known of the OOM killer and its limit."""
    oom = ending.oom
    if oom is None:
        return _wait_status_text(ending)
    limit = _oom_limit_text(oom)
    if oom.sure:
        return f"killed by the OOM killer ({limit})"
    return f"{_wait_status_text(ending)}: the OOM killer? ({limit}, but another process may have been its victim)"


def exit_status_label(ending: ExitStatus) -> str:
    """Short text of how a process ended, for one line with other facts."""
    oom = ending.oom
    if oom is None:
        return _wait_status_text(ending)
    limit = f" (limit {fmt.long_amount(oom.limit.limit_bytes / 1024)})" if oom.limit else ""
    return f"OOM-killed{'' if oom.sure else '?'}{limit}"


def oom_notices(tick: Tick) -> list[str]:
    """Sentence on a process that the OOM killer ended, or may have, at its last tick; none at any other tick."""
    if tick.ending is None or tick.ending.oom is None:
        return []
    return [f"process {tick.counters.pid} ({fmt.printable(tick.counters.name)}): {exit_status_text(tick.ending)}"]


def _oom_limit_text(oom: OomKill) -> str:
    """Text of the memory that ran out."""
    if oom.limit is None:
        return "the machine's memory ran out"
    return f"memory limit {fmt.long_amount(oom.limit.limit_bytes / 1024)} of cgroup {fmt.printable(oom.limit.path)}"


def _wait_status_text(ending: ExitStatus) -> str:
    """Text of an exit status or signal."""
    if ending.signal is not None:
        return f"killed by {_signal_name(ending.signal)}"
    if ending.status is not None:
        return f"exited {ending.status}" + (" (zombie)" if ending.zombie else "")
    return "ended, exit status unknown"


def _signal_name(number: int) -> str:
    """Name of a signal, or its number, as for real-time signals."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _mode(view: View, timeline: Timeline, over: EndOfRecording | None, overdue_seconds: int) -> str:
    """Mode of the view: live with the sampling interval, or paused, playing or ended with the time shown."""
    tick = view.snapshot.tick
    if view.state.at is not None:
        behind = (timeline.header(len(timeline) - 1).wall_ns - tick.wall_ns) / 1e9
        ago = f", {fmt.age(behind)} ago" if behind >= 1 else ""
        how = f"▶ {view.state.speed}×" if view.state.speed else "❚❚"
        return f"{how} {fmt.clock(tick.wall_ns)}{ago}  tick {tick.number}/{view.newest}"
    if tick.ending:
        return f"■ {fmt.clock(tick.wall_ns)}"
    if over is not None:
        return f"■ {fmt.clock(tick.wall_ns)} end of recording"
    if overdue_seconds:
        return f"○ no sample for {fmt.duration(overdue_seconds)}"
    live = f"● live {fmt.span(tick.interval_ns)}"
    reading = view.snapshot.reading_tick
    if reading.read_ns >= _LONG_NS:
        left = max(0, reading.monotonic_ns + reading.smaps_interval_ns - tick.monotonic_ns)
        return f"{live}, mappings again in {fmt.span(left)}, for {fmt.span(reading.read_ns)}"
    if tick.smaps_interval_ns <= tick.interval_ns:
        return live
    return f"{live}, mappings every {fmt.span(tick.smaps_interval_ns)} (budget)"


def _history_start(timeline: Timeline) -> tuple[str, ...]:
    """Start of the history, if older ticks have been dropped."""
    first = timeline.oldest
    return (f"history since {fmt.clock(timeline.header(first).wall_ns)}",) if first else ()


def baseline_text(view: View, timeline: Timeline) -> str:
    """Baseline of the view in words."""
    state = view.state
    if view.previous_run:
        return f"run {view.previous_run.number}{' (end)' if view.diff.before.tick.ending else ''}"
    if state.baseline == "mark" and state.mark is not None:
        return f"mark {fmt.clock(timeline.header(state.mark).wall_ns)}"
    return {"start": "start", "mark": "mark (press m)"}.get(state.baseline, "previous tick")


def rss_line(view: View) -> tuple[str, str, float]:
    """Rss and its rate of change as text, and the rate as a number, kB/s."""
    tick = view.snapshot.tick
    seconds = rate_seconds(view.previous_tick, tick)
    change = _change(view.previous_tick, tick, "rss")
    kb_per_second = change / seconds if seconds and change is not None else None
    return fmt.long_amount(tick.totals.get("rss")), fmt.long_rate(kb_per_second), kb_per_second or 0.0


def _change(before: Tick, after: Tick, name: str) -> int | None:
    """Change of a total; None if one of the ticks lacks it."""
    if name not in before.totals or name not in after.totals:
        return None
    return after.totals[name] - before.totals[name]


@dataclass(frozen=True, slots=True)
class TotalText:
    """A total of the process."""

    label: str
    amount: str
    change: int | None = None
    """Change against the baseline, kB; None if unknown."""
    by_others: bool = False
    """Whether the change comes mostly from others that mapped or unmapped the same pages."""


_SHARED_PARTS = {"pss": ("pss",), "uss": SUMMED_FIELDS["uss"]}
"""Totals that others change, with their fields."""


def totals_parts(view: View) -> list[TotalText]:
    """Totals other than Rss."""
    tick, read, compared = view.snapshot.tick, view.snapshot.reading_tick, view.diff.before.reading_tick
    parts = []
    for label, name in (("Pss", "pss"), ("Uss", "uss"), ("Dirty", "dirty"), ("Swap", "swap")):
        change = _change(compared, read, name)
        others = bool(change) and name in _SHARED_PARTS and not is_own_change(view.diff, _SHARED_PARTS[name])
        parts.append(TotalText(label, fmt.long_amount(tick.totals.get(name, read.totals.get(name))), change, others))
    hugetlb = hugetlb_kb(read.totals)
    if hugetlb:
        parts.append(TotalText("Hugetlb, not in Rss", fmt.long_amount(hugetlb)))
    return [*parts, TotalText("peak", fmt.long_amount(tick.counters.vm_hwm))]


def faults_parts(view: View, target: Target) -> list[tuple[str, str]]:
    """Page faults per second and the number of mappings, as (label, value)."""
    rates = fault_rates(view.previous_tick, view.snapshot.tick)
    minor, major = rates or (None, None)
    limit = f" of {target.max_map_count}" if target.max_map_count else ""
    return [
        ("minor faults", fmt.per_second(minor)),
        ("major", fmt.per_second(major)),
        ("mappings", f"{np.count_nonzero(view.snapshot.mappings.start < _KERNEL)}{limit}"),
    ]
