"""Text of what is inferred between two readings of the mappings: "~78.1 M by fill since 14:03:22"."""

import numpy as np
from numpy.typing import NDArray

from smapstop.model.callers.culprit import FunctionFaults, TopFunction, function_faults
from smapstop.model.history.inferred_growth import COUNTERS, InferredGrowth
from smapstop.model.tick import Ids
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.functions import function_text, source_text
from smapstop.text.units import UnitFormat

_ALL, _MOST = 0.99, 0.5
"""Shares of the page faults of a function that made all, or most of them."""
_NOTABLE, _NOTABLE_KB = 20, 1024
"""Growth elsewhere that is mentioned: this part of what is inferred, and so many kB."""
_LABELS = {"rss_anon": "RssAnon", "rss_file": "RssFile", "rss_shmem": "RssShmem"}
"""Counters as proc_pid_status(5) prints them."""


def inferred_row_text(view: View, row: int, unit: UnitFormat, width: int) -> str:
    """What is inferred of a row of the table, as much as there is room for; empty if nothing is."""
    inferred, growth = view.table.inferred, view.growth
    if inferred is None or growth is None or not inferred.faults[row]:
        return ""
    made = function_faults(growth.faults, _ids_of_row(view, row).tolist())
    texts = _short_texts(growth, int(inferred.kb[row]), int(inferred.faults[row]), made, unit)
    return next((text for text in texts if fmt.cell_width(text) <= width), texts[-1])


def _ids_of_row(view: View, row: int) -> Ids:
    """The mapping of a row of the table, or all those of its group."""
    identity = view.table.ids[row]
    return view.table.ids[row : row + 1] if identity >= 0 else view.mappings.ids[view.group_of == identity]


def _short_texts(growth: InferredGrowth, kb: int, count: int, made: FunctionFaults, unit: UnitFormat) -> list[str]:
    """What is inferred, in a few words, the longest text first."""
    faults, by, since = faults_text(count), _by(made), f"since {fmt.clock(growth.since.wall_ns)}"
    if not kb:
        return [f"{faults}{by} {since}", f"{faults}{by}", f"{faults} {since}", faults]
    amount = f"{fmt.ABOUT}{unit.text(kb)}"
    return [f"{amount}{by} {since}, {faults}", f"{amount}{by} {since}", f"{amount}{by}", f"{amount} {since}", amount]


def inferred_text(growth: InferredGrowth | None, mappings: Ids, unit: UnitFormat) -> str:
    """What is inferred of some mappings since they were read, in a few words; empty for nothing."""
    rows = _rows_of(growth, mappings)
    if growth is None or not len(rows):
        return ""
    kb, count = int(growth.kb[rows].sum()), int(growth.counts[rows].sum())
    return _short_texts(growth, kb, count, function_faults(growth.faults, growth.ids[rows].tolist()), unit)[0]


def evidence_text(growth: InferredGrowth | None, mappings: Ids, next_ns: int | None, unit: UnitFormat) -> str:
    """What is measured that `inferred_text` does not mention, and what is inferred of it; empty for nothing.

    Args:
        growth: What is inferred; None for nothing.
        mappings: The mappings.
        next_ns: When they are read again, about, wall clock, ns; None if that is not known.
        unit: Format of amounts.
    """
    rows = _rows_of(growth, mappings)
    if growth is None or not len(rows):
        return ""
    source = _source(function_faults(growth.faults, growth.ids[rows].tolist()))
    sentences = [_growth_text(growth, rows, f"these page faults{f' ({source})' if source else ''}", unit)]
    elsewhere = elsewhere_text(growth, unit)
    if elsewhere:
        sentences.append(f"Elsewhere {elsewhere}: in memory mapped since, or by no page fault that was seen.")
    if next_ns is not None:
        sentences.append(f"Read again at about {fmt.clock(next_ns)}.")
    return " ".join(sentences)


def _rows_of(growth: InferredGrowth | None, mappings: Ids) -> NDArray[np.intp]:
    """Rows of those of some mappings that had page faults."""
    return np.flatnonzero(np.isin(growth.ids, mappings)) if growth else np.zeros(0, np.intp)


def elsewhere_text(growth: InferredGrowth | None, unit: UnitFormat) -> str:
    """Growth of the process that is in no known mapping, if it is a notable part; empty if not."""
    if growth is None or growth.elsewhere_kb * _NOTABLE < int(growth.kb.sum()) or growth.elsewhere_kb < _NOTABLE_KB:
        return ""
    return f"{fmt.ABOUT}{unit.text(growth.elsewhere_kb)}"


def _growth_text(growth: InferredGrowth, rows: NDArray[np.intp], faults: str, unit: UnitFormat) -> str:
    """What the growth of some mappings is inferred from: their page faults, and what the process grew by."""
    counters = {growth.counter_of(at) for at in rows.tolist()}
    measured = [(name, growth.grown_kb[name]) for name in COUNTERS if name in counters and name in growth.grown_kb]
    grown = " and ".join(
        f"{_LABELS[name]} of the process {unit.change(by) if by else 'unchanged'}" for name, by in measured
    )
    if growth.kb[rows].any():
        return f"Inferred from {faults} and {grown}; what was released is not seen."
    if measured and all(by <= 0 for _, by in measured):
        return f"{grown}, with {faults}: as much was released, or the pages were there before."
    return f"By how much it grew with {faults} can not be inferred."


def _by(made: FunctionFaults) -> str:
    """Function that made page faults: " by fill", " mostly by fill"; empty without a majority."""
    top = _majority(made)
    if top is None:
        return ""
    mostly = "" if top.faults >= _ALL * made.seen else "mostly "
    return f" {mostly}by {function_text(top.frame)}"


def _source(made: FunctionFaults) -> str:
    """Where the function is that `_by` names: "fill.c:7"; empty if that is not known."""
    top = _majority(made)
    return source_text(top.frame) if top else ""


def _majority(made: FunctionFaults) -> TopFunction | None:
    """The function that made most page faults; None without one."""
    return made.top if made.top is not None and made.top.faults >= _MOST * made.seen else None


def faults_text(count: int) -> str:
    """A number of page faults."""
    return f"{count:,} page fault{'' if count == 1 else 's'}"


def reading_text(view: View) -> str:
    """When the mappings were read: "at 13:04:11"; empty if they are read at every tick."""
    tick, read = view.snapshot.tick, view.snapshot.reading_tick
    seldom = read.number != tick.number or tick.smaps_interval_ns > tick.interval_ns
    return f"at {fmt.clock(read.wall_ns)}" if seldom else ""


def next_reading_ns(view: View) -> int | None:
    """When the mappings are read again, about, wall clock, ns; None for the past, or if it is overdue."""
    tick = view.snapshot.tick
    if view.state.at is not None or tick.ending is not None or tick.number != view.newest:
        return None
    since = view.snapshot.reading_tick
    every_ns = fmt.calm_interval(tick.smaps_interval_ns)
    return since.wall_ns + every_ns if since.monotonic_ns + every_ns > tick.monotonic_ns else None


def no_events_text(view: View) -> str:
    """Why there are no events: those between two readings of the mappings are known only after the second."""
    tick = view.snapshot.tick
    if view.snapshot.reading_tick.number == tick.number or tick.ending is not None:
        return "no events yet"
    next_ns = next_reading_ns(view)
    when = "" if next_ns is None else f", at about {fmt.clock(next_ns)}"
    return f"no events yet: they come with the next reading{when}"
