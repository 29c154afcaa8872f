"""What the header and the totals say, as text. No Textual here."""

import signal
from dataclasses import dataclass

import numpy as np

from smapstop.model.protocol import EndOfRecording, Target
from smapstop.model.tick import ExitStatus, Tick
from smapstop.model.timeline.rates import cpu_share, fault_rates, rate_seconds
from smapstop.model.timeline.timeline import Timeline
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
"""Where the kernel's addresses begin: what it shows there, [vsyscall], does not count as the process's."""
_LONG_NS = 1_000_000_000
"""A reading that takes so long is announced before it is repeated."""


@dataclass(frozen=True, slots=True)
class Header:
    """The parts of the header; the last of each side are dropped first when there is no room."""

    name: str
    process_facts: tuple[str, ...]
    """Of the process."""
    mode: str
    """Live, paused, in the past, or ended."""
    moving: bool
    """Whether what is shown goes on moving."""
    costs: tuple[str, ...]
    """Of the reading, and what is compared."""


def header_of(
    target: Target,
    view: View,
    timeline: Timeline,
    over: EndOfRecording | None = None,
    *,
    run: int = 0,
    overdue_seconds: int = 0,
) -> Header:
    """The header of a scene.

    Args:
        target: Whose it is.
        scene: What is seen.
        timeline: Its timeline.
        over: That nothing more comes.
        run: Which run of the program it is; 0 when there is only one.
        silent: For how many seconds a tick is missing; 0 when none is.
    """
    tick = view.snapshot.tick
    ending = tick.ending
    share = cpu_share(view.previous_tick, tick, target.clock_ticks)
    alive = (
        f"{tick.counters.state} {_STATES.get(tick.counters.state, '')}".rstrip(),
        f"{tick.counters.threads} thread{'s' * (tick.counters.threads != 1)}",
        f"cpu {fmt.percent(share)}",
        f"up {fmt.duration((tick.wall_ns - target.started_ns) / 1e9)}",
    )
    reading = view.snapshot.reading_tick
    cost = f"read {fmt.span(reading.read_ns)} ({fmt.percent(reading.read_ns / reading.smaps_interval_ns)})"
    return Header(
        name=fmt.printable(tick.counters.name),
        process_facts=(
            *((f"run {run}",) if run else ()),
            str(target.pid),
            *((exit_status_text(ending),) if ending else alive),
        ),
        mode=_mode(view, timeline, over, overdue_seconds),
        moving=view.state.speed > 0
        or (view.state.at is None and ending is None and over is None and not overdue_seconds),
        costs=(f"Δ {baseline_text(view, timeline)}", *(() if ending else (cost,)), *_history_start(timeline)),
    )


def exit_status_text(ending: ExitStatus) -> str:
    """How a process ended."""
    if ending.signal is not None:
        return f"killed by {_signal_name(ending.signal)}"
    if ending.status is not None:
        return f"exited {ending.status}" + (" (zombie)" if ending.zombie else "")
    return "ended, nobody told how"


def _signal_name(number: int) -> str:
    """The name of a signal; real-time signals have only numbers."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _mode(scene: View, timeline: Timeline, over: EndOfRecording | None, silent: int) -> str:
    """Whether the scene is live, and at which pace, or of when it is."""
    tick = scene.snapshot.tick
    if scene.state.at is not None:
        behind = (timeline.header(len(timeline) - 1).wall_ns - tick.wall_ns) / 1e9
        ago = f", {fmt.age(behind)} ago" if behind >= 1 else ""
        how = f"▶ {scene.state.speed}×" if scene.state.speed else "❚❚"
        return f"{how} {fmt.clock(tick.wall_ns)}{ago}  tick {tick.number}/{scene.newest}"
    if tick.ending:
        return f"■ {fmt.clock(tick.wall_ns)}"
    if over is not None:
        return f"■ {fmt.clock(tick.wall_ns)} end of recording"
    if silent:
        return f"○ no sample for {fmt.duration(silent)}"
    live = f"● live {fmt.span(tick.interval_ns)}"
    read = scene.snapshot.reading_tick
    if read.read_ns >= _LONG_NS:
        left = max(0, read.monotonic_ns + read.smaps_interval_ns - tick.monotonic_ns)
        return f"{live}, mappings again in {fmt.span(left)}, for {fmt.span(read.read_ns)}"
    if tick.smaps_interval_ns <= tick.interval_ns:
        return live
    return f"{live}, mappings every {fmt.span(tick.smaps_interval_ns)} (budget)"


def _history_start(timeline: Timeline) -> tuple[str, ...]:
    """How far back one can go, when that is not to the start."""
    first = timeline.oldest
    return (f"history since {fmt.clock(timeline.header(first).wall_ns)}",) if first else ()


def baseline_text(view: View, timeline: Timeline) -> str:
    """What the scene is compared with."""
    lens = view.state
    if view.previous_run:
        return f"run {view.previous_run.number}{' (end)' if view.diff.before.tick.ending else ''}"
    if lens.baseline == "mark" and lens.mark is not None:
        return f"mark {fmt.clock(timeline.header(lens.mark).wall_ns)}"
    return {"start": "start", "mark": "mark (press m)"}.get(lens.baseline, "previous tick")


def rss_line(view: View) -> tuple[str, str, float]:
    """Rss, how fast it moves, and that as a number (kB/s)."""
    tick = view.snapshot.tick
    seconds = rate_seconds(view.previous_tick, tick)
    change = _change(view.previous_tick, tick, "rss")
    speed = change / seconds if seconds and change is not None else None
    return fmt.long_amount(tick.totals.get("rss")), fmt.long_rate(speed), speed or 0.0


def _change(before: Tick, after: Tick, name: str) -> int | None:
    """The change of a total; None when one of the ticks does not know it."""
    if name not in before.totals or name not in after.totals:
        return None
    return after.totals[name] - before.totals[name]


def totals_parts(view: View) -> list[tuple[str, str, int | None]]:
    """The totals beside Rss, as (label, amount, change against the compared moment)."""
    tick, read, compared = view.snapshot.tick, view.snapshot.reading_tick, view.diff.before.reading_tick
    parts = [
        (label, fmt.long_amount(tick.totals.get(name, read.totals.get(name))), _change(compared, read, name))
        for label, name in (("Pss", "pss"), ("Uss", "uss"), ("Dirty", "dirty"), ("Swap", "swap"))
    ]
    return [*parts, ("peak", fmt.long_amount(tick.counters.vm_hwm), None)]


def faults_parts(view: View, target: Target) -> list[tuple[str, str]]:
    """Faults a second and the number of mappings, as (label, value)."""
    rates = fault_rates(view.previous_tick, view.snapshot.tick)
    minor, major = rates or (None, None)
    limit = f" of {target.max_map_count}" if target.max_map_count else ""
    return [
        ("minor faults", fmt.per_second(minor)),
        ("major", fmt.per_second(major)),
        ("mappings", f"{np.count_nonzero(view.snapshot.mappings.start < _KERNEL)}{limit}"),
    ]
