"""Text of a family of processes: its members, and their sums."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import COST_OF
from smapstop.model.family.family_log import MemberHistory
from smapstop.model.family.family_table import FamilyMembers, MemberRow
from smapstop.model.history.culprits import culprit_of
from smapstop.model.metrics import FAULTS, METRIC_TITLES, Metric
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.proc.columns import ABSENT
from smapstop.proc.program_title import title_of
from smapstop.text import format as fmt
from smapstop.text.culprit import culprit_text
from smapstop.text.mechanisms import event_verdict
from smapstop.text.sparkline import sparkline
from smapstop.text.units import AUTO, CountFormat, UnitFormat, unit_format_of, without_shares

OLD_NS = 6_000_000_000
"""Age from which on the memory of a member counts as old: longer than it is left unread in a family that is idle."""
_MAX_TICKS_BACK = 120
"""Ticks that are looked through for the last verdict of a member."""
_BRANCH, _LAST_BRANCH, _TRUNK, _NO_TRUNK = "├─", "└─", "│ ", "  "


@dataclass(frozen=True, slots=True)
class MemberText:
    """Text of one member."""

    key: tuple[int, int]
    """Pid and start time."""
    tree: str
    """Its place in the tree, as lines before its name."""
    pid: str
    title: str
    rss: str
    pss: str
    uss: str
    swap: str
    change: float
    """Number behind `change_text`, for its colour; 0 for none."""
    change_text: str
    rate: float
    rate_text: str
    faults: str
    history: str
    shares: tuple[int, int, int]
    """Memory that is its own, shared within the family, shared with others, kB."""
    verdict: str
    """What happened last."""
    brief: str
    """The same without who did it, where there is no room for that."""
    is_old: bool
    """Whether its memory was read some time ago."""
    is_gone: bool


@dataclass(frozen=True, slots=True)
class FamilyMoment:
    """What is needed to describe the members at a moment."""

    table: FamilyMembers
    at_ns: int
    """The moment, monotonic clock, ns."""
    begin_ns: int
    """Begin of the histories, monotonic clock, ns."""
    metric: Metric
    timelines: Mapping[int, Timeline]
    """Timelines of the members that are sampled, by pid."""
    unit: UnitFormat = AUTO
    """Format of amounts of members."""
    first_wall_ns: int | None = None
    """When the family was first read, wall clock, ns, if that was after the moment; else None."""


def family_format(view: View, members: FamilyMembers) -> UnitFormat:
    """Format of amounts of members in the unit of a view; shares are of the family's Pss: a page counts once."""
    return unit_format_of(view).of_total(members.totals.pss)


def member_texts(moment: FamilyMoment, rows: Sequence[MemberRow], history_width: int) -> list[MemberText]:
    """Texts of members.

    Args:
        moment: The moment.
        rows: The members.
        history_width: Cells of the histories.
    """
    histories = _histories(moment, rows, history_width)
    return [_member_text(moment, row, history) for row, history in zip(rows, histories, strict=True)]


def member_title(history: MemberHistory) -> str:
    """Program of a member, with its script."""
    return fmt.printable(title_of(history.member.name, history.member.command_line))


def family_title(moment: FamilyMoment) -> str:
    """Title of a family: how many processes, and sums; a sum of Rss would count shared pages more than once."""
    totals = moment.table.totals
    if moment.first_wall_ns is not None:
        return f"the family was first read at {fmt.clock(moment.first_wall_ns)}"
    if not totals.processes:
        return "all processes of the family have ended"
    count = f"family of {totals.processes} process{'es' * (totals.processes != 1)}"
    notes = [f"{totals.unread} not read"] * bool(totals.unread) + [f"{totals.zombies} ended"] * bool(totals.zombies)
    unread = f" ({', '.join(notes)})" if notes else ""
    text = without_shares(moment.unit).text
    swapped = f"   Σ SwapPss {text(totals.swap_pss)}" if totals.swap_pss else ""
    return f"{count}{unread}   Σ Pss {text(totals.pss)}   Σ Uss {text(totals.uss)}{swapped}"


def reading_text(moment: FamilyMoment, interval_ns: int | None, sampled: Sequence[Timeline]) -> str:
    """What is read how often: "totals in turn, every 1.0 s, the oldest 4 s ago; mappings of 6 of 40 every 1.0 s".

    Args:
        moment: The moment.
        interval_ns: Time between two readings of the family, ns; None before the second one.
        sampled: Timelines of the processes whose mappings are read.
    """
    shown = (row for row in moment.table.rows if not row.is_gone and not row.is_zombie)
    ages_ns = [row.age_ns for row in shown if not row.history.missing]
    known = [age for age in ages_ns if age is not None]
    tenths_ns = None if interval_ns is None else max(1, round(interval_ns / 1e8)) * 100_000_000  # no wake-up is exact
    parts = [f"totals in turn{'' if tenths_ns is None else f', every {fmt.span(tenths_ns)}'}"]
    if known:
        parts[0] += f", the oldest {fmt.age(max(known) / 1e9)}{' ago' * (max(known) >= 1e9)}"
    waiting = len(ages_ns) - len(known)
    old = sum(age > OLD_NS for age in known)
    parts += [f"{waiting:,} not read yet"] * bool(waiting) + [f"{old:,} dim: > 6 s"] * bool(old)
    ticks = [timeline.header(len(timeline) - 1) for timeline in sampled if len(timeline)]
    if ticks:
        slowest_ns = max(tick.smaps_interval_ns for tick in ticks)
        others = f" of {len(ages_ns):,}" if len(ages_ns) > len(ticks) else ""
        parts.append(f"mappings of {len(ticks)}{others} every {fmt.span(slowest_ns)}")
    return "; ".join(parts)


def past_text(wall_ns: int, behind_ns: int, live_key: str) -> str:
    """That an earlier moment is shown, and how to go back to now.

    Args:
        wall_ns: The moment, wall clock, ns.
        behind_ns: Time since then, ns.
        live_key: Name of the key that does.
    """
    ago = f", {fmt.age(behind_ns / 1e9)} ago" if behind_ns >= 1_000_000_000 else ""
    return f"paused at {fmt.clock(wall_ns)}{ago}; {live_key} goes back to live"


def change_title(moment: FamilyMoment) -> str:
    """Title of the column of changes, with the sign of their unit."""
    sign = "" if moment.metric == FAULTS else moment.unit.sign
    return f"Δ{METRIC_TITLES[moment.metric]} {sign}".rstrip()


def metric_format(moment: FamilyMoment) -> UnitFormat:
    """Format of changes of the metric: faults are counts."""
    return CountFormat() if moment.metric == FAULTS else moment.unit


def _member_text(moment: FamilyMoment, row: MemberRow, history: str) -> MemberText:
    """Text of one member."""
    verdict, brief = _verdict(moment, row)
    unit, changes = moment.unit, metric_format(moment)
    return MemberText(
        key=(row.pid, row.history.member.start_time),
        tree=tree_lines(row.place.is_last),
        pid=str(row.pid),
        title=member_title(row.history),
        rss=unit.amount(row.rss),
        pss=unit.amount(row.pss),
        uss=unit.amount(row.uss),
        swap=unit.amount(row.swap),
        change=row.change or 0,
        change_text=changes.signed(row.change),
        rate=row.rate or 0.0,
        rate_text=changes.signed(row.rate),
        faults=fmt.per_second(row.faults),
        history=history,
        shares=(row.uss or 0, row.family or 0, row.others or 0),
        verdict=verdict,
        brief=brief,
        is_old=row.age_ns is None or row.age_ns > OLD_NS,
        is_gone=row.is_gone,
    )


def tree_lines(is_last: Sequence[bool]) -> str:
    """Lines before the name of a member, by whether it and its ancestors below the head are the last siblings."""
    if not is_last:
        return ""
    return "".join(_NO_TRUNK if last else _TRUNK for last in is_last[:-1]) + (
        _LAST_BRANCH if is_last[-1] else _BRANCH
    )


def _histories(moment: FamilyMoment, rows: Sequence[MemberRow], width: int) -> list[str]:
    """Sparklines of the metric of each member; blank where it did not change."""
    if not rows or width < 1:
        return [""] * len(rows)
    values = values_over_time(rows, moment.metric, moment.begin_ns, moment.at_ns, width)
    return [line if len(set(line.strip())) > 1 else "" for line in sparkline(values)]


def values_over_time(
    rows: Sequence[MemberRow], metric: Metric, begin_ns: int, end_ns: int, width: int
) -> NDArray[np.float64]:
    """Amounts of a metric of each member over time, kB; NaN where unknown.

    Args:
        rows: The members.
        metric: The metric.
        begin_ns: Begin of the time, monotonic clock, ns.
        end_ns: Its end.
        width: Number of times.
    """
    times_ns = np.linspace(begin_ns, end_ns, width + 1)[1:]
    values = np.full((len(rows), width), np.nan)
    for at, row in enumerate(rows):
        points = np.searchsorted(row.history.times_ns, times_ns, side="right") - 1
        known = row.history.series(metric)[np.maximum(points, 0)] if len(row.history.times_ns) else None
        if known is not None:
            values[at] = np.where((points >= 0) & (known != ABSENT), known, np.nan)
    return values


def _verdict(moment: FamilyMoment, row: MemberRow) -> tuple[str, str]:
    """Last event of a member, in full and in brief: the mechanism if it is sampled, else what its amounts show."""
    if row.history.missing or row.is_gone or row.is_zombie:
        return (row.history.missing or ("gone" if row.is_gone else "ended, not reaped by its parent"),) * 2
    timeline = moment.timelines.get(row.pid)
    texts = ("", "") if timeline is None else _event_texts(timeline, moment.at_ns)
    return texts if texts[0] else (_amount_text(row, moment.at_ns, moment.unit),) * 2


def _event_texts(timeline: Timeline, at_ns: int) -> tuple[str, str]:
    """The costliest mechanism of the last tick up to a moment that had any: with who did it, and without."""
    for number in range(len(timeline) - 1, max(timeline.oldest, len(timeline) - _MAX_TICKS_BACK) - 1, -1):
        tick = timeline.header(number)
        if tick.monotonic_ns <= at_ns and len(tick.events):
            event = min(tick.events, key=lambda each: (COST_OF[each.what], -each.kb))
            what, age = event_verdict(event), fmt.age((at_ns - tick.monotonic_ns) / 1e9)
            culprit = culprit_text(culprit_of(timeline.faults.since_reading(number), event.mapping, (event,)))
            return f"{what}{culprit} · {age}", f"{what} · {age}"
    return "", ""


def _amount_text(row: MemberRow, at_ns: int, unit: UnitFormat) -> str:
    """What the last change of the amounts shows."""
    point = row.history.point_at(at_ns)
    series = [row.history.series(name) for name in ("rss", "uss", "family")]
    while point:
        rss, uss, family = (int(values[point] - values[point - 1]) for values in series)
        if rss or uss:
            ago = fmt.age((at_ns - int(row.history.times_ns[point])) / 1e9)
            unshared = min(uss, -family)
            if unshared > abs(rss):
                return f"{unit.text(unshared)} copied, or no longer shared · {ago}"
            moved = ", ".join(f"{unit.change(kb)} {name}" for kb, name in ((rss, "Rss"), (uss, "Uss")) if kb)
            return f"{moved} · {ago}"
        point -= 1
    return ""
