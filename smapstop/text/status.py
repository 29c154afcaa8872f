"""Text of the header and the totals."""

import signal
from collections.abc import Mapping

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import Kind, kind_codes
from smapstop.model.metrics import FAULTS, METRIC_TITLES, METRICS, Metric
from smapstop.model.protocol import EndOfRecording, Target
from smapstop.model.tick import ExitStatus, OomKill, Tick
from smapstop.model.timeline.map_diff import is_own_change
from smapstop.model.timeline.rates import cpu_share, fault_rates, rate_seconds, total_faults
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.totals import SUMMED_FIELDS, hugetlb_kb
from smapstop.model.view.view import View
from smapstop.proc.program_title import title_of
from smapstop.text import format as fmt
from smapstop.text.live import live_text
from smapstop.text.units import process_format

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


@dataclass(frozen=True, slots=True)
class Header:
    """Parts of the header; on a narrow terminal the last ones of each side are dropped first."""

    name: str
    process_facts: tuple[str, ...]
    """Run, pid, where it is, state, threads, CPU and uptime of the process, or how it ended."""
    mode: str
    """Live, paused, playing, or ended."""
    moving: bool
    """Whether the display keeps advancing."""
    costs: tuple[str, ...]
    """Baseline, cost of the reading, and start of the history."""
    offers: tuple[str, ...] = ()
    """What can be done next, the longest text first, of which one is shown; none for nothing."""


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
    spent_ns = max(reading.read_ns, reading.cpu_ns)  # CPU time also of page faults and their callers
    cost = f"read {fmt.span(reading.read_ns)} ({fmt.percent(spent_ns / reading.smaps_interval_ns)})"
    return Header(
        name=fmt.printable(_title(target, tick, timeline)),
        process_facts=(
            *((f"run {run}",) if run else ()),
            *((str(target.pid),) if target.pid else ()),
            *((f"via {fmt.printable(target.remote_host.via)}",) if target.remote_host else ()),
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


def next_run_offers(name: str, key: str, *, launched: bool, awaited: bool) -> tuple[str, ...]:
    """Texts that offer the next run of a process that has ended, the longest first.

    Args:
        name: Name of the process.
        key: Key that begins the next run, or stops waiting for it.
        launched: Whether smapstop launched the process.
        awaited: Whether the next process is awaited.
    """
    if awaited:
        return f"waiting for the next {name}, {key} stops", f"waiting, {key} stops"
    if launched:
        return (f"{key}: run again",)
    return f"{key}: attach to the next {name}", f"{key}: attach to the next", f"{key}: next"


def _title(target: Target, tick: Tick, timeline: Timeline) -> str:
    """Name of the process, and the script that it runs; the arguments of a program run later are not known."""
    is_later_program = timeline.first_exec is not None and tick.number >= timeline.first_exec
    return tick.counters.name if is_later_program else title_of(tick.counters.name, target.command_line)


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
    return live_text(view, overdue_seconds)


def _history_start(timeline: Timeline) -> tuple[str, ...]:
    """Start of the history, if older ticks have been dropped."""
    first = timeline.oldest
    return (f"history since {fmt.clock(timeline.header(first).wall_ns)}",) if first else ()


def window_text(view: View) -> str:
    """Length of the window of time: "2 m"; until there is so much time, and for all of it, how much there is."""
    return fmt.age(view.window.seconds + view.snapshot.tick.interval_ns / 1e9)


def baseline_text(view: View, timeline: Timeline) -> str:
    """Baseline of the view in words."""
    state = view.state
    if view.previous_run:
        return f"run {view.previous_run.number}{' (end)' if view.diff.before.tick.ending else ''}"
    if state.baseline == "mark" and state.mark is not None:
        letter = f"{state.mark_letter} " if state.mark_letter else ""
        return f"mark {letter}{fmt.clock(timeline.header(state.mark).wall_ns)}"
    if state.baseline == "range":
        begin, end = view.diff.before.tick, view.snapshot.tick
        return f"{fmt.clock(begin.wall_ns)} → {fmt.clock(end.wall_ns)}"
    return {"start": "start", "mark": "mark (press m)"}.get(state.baseline, "previous tick")


@dataclass(frozen=True, slots=True)
class Figure:
    """A total of the process, in a place of fixed width."""

    label: str
    amount: str
    width: int
    """Room for the amount, cells."""
    change: float
    """Change, for its colour; 0 for none or unknown."""
    change_text: str
    change_width: int
    """Room for the change and a space before it, cells."""
    metric: Metric | None = None
    """The metric that it is of, if it is one."""
    is_of_others: bool = False
    """Whether other processes caused the change, that map or no longer map the same pages."""
    is_earlier: bool = False
    """Whether the amount is that of the last reading of the mappings, before the tick shown."""


_FIGURE_WIDTHS: Mapping[str, int] = {"pages": 11, "kB": 12, "bytes": 16}
"""Room for an amount, and for a change, in the units that are not automatic, cells."""
_SHARED_PARTS = {"pss": ("pss",), "uss": SUMMED_FIELDS["uss"]}
"""Totals that others change, with their fields."""


def figures_of(view: View) -> list[Figure]:
    """Totals of the process: Rss with its rate, others with their change against the baseline."""
    tick, read, compared = view.snapshot.tick, view.snapshot.reading_tick, view.diff.before.reading_tick
    seconds, moved = rate_seconds(view.previous_tick, tick), total_change(view.previous_tick, tick, "rss")
    rate = moved / seconds if seconds and moved is not None else None
    unit = process_format(view)
    rate_text = "" if rate == 0 else unit.signed(rate) if rate is None else f"{unit.with_sign(unit.signed(rate))}/s"
    rss_kb, room = tick.totals.get("rss"), _FIGURE_WIDTHS.get(unit.units, 0)
    rss = fmt.long_amount(rss_kb) if unit.units == "auto" else unit.with_sign(unit.amount(rss_kb))
    figures = [Figure("Rss", rss, room or 9, rate or 0.0, rate_text, room + 2 if room else 11, "rss")]
    for name in METRICS[1:-1]:
        change = total_change(compared, read, name) or 0
        amount = unit.with_sign(unit.amount(tick.totals.get(name, read.totals.get(name))))
        others = bool(change) and name in _SHARED_PARTS and not is_own_change(view.diff, _SHARED_PARTS[name])
        text = unit.signed(change) if change else ""
        widths = room or 6, room or 8
        earlier = read.number != tick.number and name not in tick.totals and name in read.totals
        figures.append(Figure(METRIC_TITLES[name], amount, widths[0], change, text, widths[1], name, others, earlier))
    hugetlb = hugetlb_kb(read.totals)
    if hugetlb:  # before those for which there may be no room
        amount, earlier = unit.with_sign(unit.amount(hugetlb)), read.number != tick.number
        figures.insert(3, Figure("Hugetlb, not in Rss", amount, room or 6, 0, "", 0, is_earlier=earlier))
    figures.append(Figure("peak", unit.with_sign(unit.amount(tick.counters.vm_hwm)), room or 6, 0, "", 0))
    return [*figures, *_fault_figures(view)]


def _fault_figures(view: View) -> list[Figure]:
    """Page faults of the process since it began, if they are the metric; their rate is in the header."""
    if view.state.metric != FAULTS:
        return []
    now, before = (total_faults(tick) for tick in (view.snapshot.tick, view.diff.before.reading_tick))
    change = 0 if now is None or before is None else max(0, now - before)
    return [Figure("Faults", fmt.count(now), 6, change, f"+{fmt.count(change)}" if change else "", 8, FAULTS)]


def total_change(before: Tick, after: Tick, name: str) -> int | None:
    """Change of a total; None if one of the ticks lacks it."""
    if name not in before.totals or name not in after.totals:
        return None
    return after.totals[name] - before.totals[name]


def kind_amounts(view: View) -> list[tuple[Kind, int, int]]:
    """Rss of each kind of mappings that has any, and its change against the baseline, kB."""
    after, before, kinds = view.diff.after.mappings, view.diff.before.mappings, list(Kind)
    codes = view.mappings.kind[: len(after)]
    rss, changes = after.get("rss"), view.diff.delta("rss")
    if rss is None or changes is None:
        return []
    amounts = np.bincount(codes, weights=np.maximum(rss, 0), minlength=len(kinds))
    change = np.bincount(codes, weights=changes, minlength=len(kinds))
    was, gone = before.get("rss"), view.diff.gone_rows
    if was is not None and len(gone):
        lost = np.maximum(was[gone], 0)
        change -= np.bincount(kind_codes(before, gone), weights=lost, minlength=len(kinds))
    has = np.bincount(codes, minlength=len(kinds)) > 0
    return [(kind, int(amounts[at]), int(change[at])) for at, kind in enumerate(kinds) if has[at]]


def faults_choices(view: View) -> list[list[tuple[str, str]]]:
    """Page faults per second, as (label, value), the longest choice first; alone, those of the disk count more."""
    rates = fault_rates(view.previous_tick, view.snapshot.tick)
    minor, major = (fmt.per_second(rate) for rate in rates or (None, None))
    both = [("minor faults", minor), ("major", major)]
    if rates and rates[1]:
        return [both, [("major faults", major)], [("major", major)]]
    return [both, [("minor faults", minor)]]
