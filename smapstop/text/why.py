"""Explanation of a mapping: verdict, trend, reasons, changed fields, facts, advice."""

from functools import partial

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import Event
from smapstop.model.history.mapping_history import MappingHistory, MappingState, label_at
from smapstop.model.history.trend import RUN_CHANGES, Trend, mechanisms_of, trend_at
from smapstop.model.kinds import Kind
from smapstop.model.labels import PURPOSE_TEXTS
from smapstop.model.purposes import Purpose
from smapstop.model.view.view import View
from smapstop.proc.added_fields import HIDDEN_FIELDS
from smapstop.proc.fields import PROPERTY_FIELDS, SECONDARY_FIELDS
from smapstop.text import format as fmt
from smapstop.text.culprit import culprit_text
from smapstop.text.inferred import evidence_text, inferred_text, next_reading_ns
from smapstop.text.label_proof import label_proof
from smapstop.text.lifecycle import LastChange, last_change, others_text, unchanged_text, was_read_again
from smapstop.text.mapping_detail import ComparedTicks, UnitOf, compare_fields, facts_of, field_label
from smapstop.text.mechanisms import EXPLANATIONS, event_verdict, sentence_of, source_of
from smapstop.text.shared_memory import has_object, object_sentences
from smapstop.text.status import baseline_text
from smapstop.text.turnover import turnover_text
from smapstop.text.units import AUTO, UnitFormat, process_format, unit_format_of

UNCHANGED = "unchanged"
_PROFILERS = {
    PURPOSE_TEXTS[Purpose.GO_HEAP]: "pprof",
    PURPOSE_TEXTS[Purpose.JVM_HEAP]: "jcmd GC.class_histogram, a heap dump",
    PURPOSE_TEXTS[Purpose.V8_HEAP]: "a heap snapshot (node --inspect)",
    PURPOSE_TEXTS[Purpose.PYTHON_HEAP]: "memray, tracemalloc",
    PURPOSE_TEXTS[Purpose.JEMALLOC]: "jeprof, heaptrack",
}
"""What finds who allocates, by the label of the memory."""
_ANY_PROFILER = "heaptrack, memray (Python), pprof (Go)"


@dataclass(frozen=True, slots=True)
class Reason:
    """Explanation of one event."""

    sentence: str
    source: str
    """Kernel source: file and functions."""
    sure: bool


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field before and after."""

    label: str
    values: str
    """ "33 → 61.5 M"."""
    change: float
    """kB."""


@dataclass(frozen=True, slots=True)
class Why:
    """What the inspector says about a mapping at a tick."""

    notice: str
    """Why this is not the state at the tick of the view; empty when it is."""
    verdict: str
    """What happened last, in full."""
    age: str
    """How long ago; empty if nothing happened."""
    inferred: str
    """What is inferred since the mapping was read, in a few words; empty for nothing."""
    evidence: str
    """What was measured since, and what is inferred of it; empty for nothing."""
    turnover: str
    """That pages came and left again between two readings; empty where that is not known."""
    trend: str
    """Since when and how fast Rss moves, and by which mechanisms."""
    moving: bool
    """Whether Rss moves steadily now, so that the trend matters more than the last event."""
    reasons: tuple[Reason, ...]
    changes: tuple[FieldChange, ...]
    compared: str
    """Since when these changes are: "Changed since mark 22:13:20", "Last changed 1 s ago"."""
    facts: tuple[str, ...]
    label: str
    """Label of memory without a name, and what proves it; empty without one."""
    advice: str
    """Advice on what to do next; empty if there is none."""


def why_of(history: MappingHistory, view: View, ticks: ComparedTicks, pages_key: str) -> Why:
    """Say why a mapping is as it is at the compared ticks.

    Args:
        history: History of the mapping.
        view: View that has the baseline.
        ticks: Ticks to compare.
        pages_key: Display name of the key that shows the pages.
    """
    unit_of = partial(unit_format_of, view)
    last = last_change(history, ticks.number, unit_of("size"), ticks.overdue_ns)
    trend = trend_at(history, ticks.number)
    inferred, evidence = _inferred_texts(history, view, ticks.number, unit_of("rss"))
    changes = _changes_since_baseline(history, ticks, unit_of)
    compared = f"Changed since {baseline_text(view, history.timeline)}"
    if not changes and last is not None:
        changes, compared = _last_changes(history, last, ticks.number, unit_of), f"Last changed {_ago(last)}"
    state = history.states[history.step_at(ticks.number)]
    events = last.events if last else ()
    trend_sentence = ""
    if was_read_again(history, history.first_tick, ticks.number):
        trend_sentence = _trend_until_now(history, ticks.number, trend, unit_of("rss"), is_known=not inferred)
    return Why(
        notice=ticks.notice,
        inferred=inferred,
        evidence=evidence,
        turnover=turnover_text(history, history.timeline.at(ticks.number).reading_tick.number, unit_of("rss")),
        verdict=_verdict(last, unit_of) or unchanged_text(history, ticks.number),
        age=_ago(last) if last else "",
        trend=trend_sentence,
        moving=trend is not None and trend.goes_on,
        reasons=tuple(reason_of(event, last.kind) for event in events) if last else (),
        changes=changes,
        compared=compared,
        facts=(
            *(object_sentences(state, None, process_format(view)) if has_object(state) else ()),
            *filter(None, (others_text(history, ticks.number, unit_of, ticks.overdue_ns),)),
            *facts_of(state, unit_of("size")),
        ),
        label=_label_text(history, state, ticks.number),
        advice=_advice(history, ticks.number, trend, events, pages_key),
    )


def _inferred_texts(history: MappingHistory, view: View, number: int, unit: UnitFormat) -> tuple[str, str]:
    """What is inferred of the mapping at the tick of the view, in a few words, and what that rests on."""
    growth, here = view.growth if number == view.snapshot.tick.number else None, np.array([history.mapping])
    return inferred_text(growth, here, unit), evidence_text(growth, here, next_reading_ns(view), unit)


def reason_of(event: Event, kind: Kind | None) -> Reason:
    """Explanation of an event in memory of a kind; None if that is not known."""
    return Reason(sentence_of(event, kind), source_of(event, kind), event.sure)


def _label_text(history: MappingHistory, state: MappingState, number: int) -> str:
    """Label of memory without a name, or the name that the program gave it, and what proves it."""
    label = label_at(history.timeline, number, history.mapping) or state.name
    proof = label_proof(history.timeline, number, history.mapping)
    return f"{label}: {proof}." if proof else ""


def _ago(last: LastChange) -> str:
    """How long ago a change was."""
    return last.ago if last.ago == "now" else f"{last.ago} ago"


def _verdict(last: LastChange | None, unit_of: UnitOf) -> str:
    """What happened at the last change, in full: its mechanisms, then its lifecycle."""
    if last is None:
        return ""
    mechanisms = [event_verdict(event, full=True) for event in last.events]
    if mechanisms:
        mechanisms[-1] += culprit_text(last.culprit, full=True)
    parts = [*mechanisms, *last.lifecycle]
    if not parts:
        parts = [f"{field_label(name)} {unit_of(name).change(now - was)}" for name, was, now in last.fields]
    return " · ".join(parts) or "changed"


# the trend


def _trend_until_now(
    history: MappingHistory, number: int, trend: Trend | None, unit: UnitFormat, *, is_known: bool
) -> str:
    """The trend; what followed the last change is left out if it is not known, since Rss was not read meanwhile."""
    if is_known:
        return trend_text(history, number, trend, unit)
    return "" if trend is None else trend_text(history, trend.last, trend, unit)


def trend_text(history: MappingHistory, number: int, trend: Trend | None, unit: UnitFormat) -> str:
    """Since when and how fast Rss moves, and by which mechanisms."""
    header = history.timeline.header
    if trend is None:
        return _constant_text(history, number, unit)
    rises, since = trend.kb > 0, fmt.clock(header(trend.first).wall_ns)
    by = _mechanisms_text(history, trend)
    if trend.goes_on:
        rate, jumps = unit.text(abs(trend.steady_kb_per_s)), _jumps_text(history, trend, unit)
        text = _sentence(f"{'Grows' if rises else 'Shrinks'} since {since} at {rate}/s{jumps}{by}")
        if rises and not trend.lost_kb:
            return f"{text} No reading shows it falling."
        return f"{text} It fell by {unit.text(trend.lost_kb)} before." if rises else text
    last = fmt.clock(header(trend.last).wall_ns)
    quiet = "; constant since" if was_read_again(history, trend.last, number) else ""
    if trend.changes < RUN_CHANGES:
        return _sentence(f"Rss {unit.change(trend.kb)} at {last}{by}{quiet}")
    return _sentence(f"Rss {unit.change(trend.kb)} from {since} to {last}{by}{quiet}")


def _jumps_text(history: MappingHistory, trend: Trend, unit: UnitFormat) -> str:
    """What came in jumps, beside the steady rate: ", and once by 48.8 M at 12:20:41"; empty without any."""
    if not trend.jumps:
        return ""
    amount = unit.text(abs(sum(kb for _, kb in trend.jumps)))
    if len(trend.jumps) > 1:
        return f", and in {len(trend.jumps)} jumps by {amount}"
    return f", and once by {amount} at {fmt.clock(history.timeline.header(trend.jumps[0][0]).wall_ns)}"


def _sentence(text: str) -> str:
    """End a text with a full stop, unless it ends with a question mark."""
    return text if text.endswith("?") else f"{text}."


def _constant_text(history: MappingHistory, number: int, unit: UnitFormat) -> str:
    """Text for an Rss that has never changed; empty if the kernel does not print it."""
    if "rss" not in history.fields:
        return ""
    kb = float(history.field("rss", history.step_at(number))[-1])
    since = fmt.clock(history.tick_of(0).wall_ns)
    return "" if kb != kb else f"Rss constant at {unit.text(kb)} since {since}."


def _mechanisms_text(history: MappingHistory, trend: Trend) -> str:
    """Mechanisms that moved Rss, the largest first: ", by first touch (523 pages a second)", ": unmapped"."""
    entries = mechanisms_of(history, trend)
    names = [EXPLANATIONS[entry.event.what].label + "?" * (not entry.sure) for entry in entries if entry.event]
    if not names:
        return ""
    by = ", by " if trend.kb > 0 else ": "
    if len(names) > 1:
        return f"{by}{', '.join(names[:-1])} and {names[-1]}"
    rate = round(entries[0].pages / trend.seconds) if trend.goes_on and not trend.jumps else 0
    return f"{by}{names[0]}" + (f" ({fmt.count(rate)} page{'s' * (rate > 1)} a second)" if rate else "")


# the fields


def _changes_since_baseline(
    history: MappingHistory, ticks: ComparedTicks, unit_of: UnitOf
) -> tuple[FieldChange, ...]:
    """Fields that differ from the baseline, in the kernel's order, the size of the mapping last."""
    before, after, change = compare_fields(history, ticks)
    rows = zip(history.fields, before.tolist(), after.tolist(), change.tolist(), strict=True)
    left_out = HIDDEN_FIELDS | SECONDARY_FIELDS
    if ticks.before < history.first_tick:  # what a new mapping is like is no change
        left_out |= PROPERTY_FIELDS
    moved = [row for row in rows if row[0] not in left_out and row[3] and row[3] == row[3]]
    moved.sort(key=lambda row: row[0] == "size")
    return tuple(
        FieldChange(field_label(name), pair_text(was, now, unit_of(name)), kb) for name, was, now, kb in moved
    )


def _last_changes(history: MappingHistory, last: LastChange, number: int, unit_of: UnitOf) -> tuple[FieldChange, ...]:
    """Fields that the last change moved; and Rss, if a mechanism did not move it."""
    changes = [
        FieldChange(field_label(name), pair_text(was, now, unit_of(name)), now - was)
        for name, was, now in last.fields
    ]
    if last.events and changes and "rss" in history.fields and "rss" not in {name for name, _, _ in last.fields}:
        rss = float(history.field("rss", history.step_at(number))[-1])
        unit = unit_of("rss")
        changes.insert(0, FieldChange("Rss", f"{unit.with_sign(unit.amount(rss))} {UNCHANGED}", 0.0))
    return tuple(changes)


def pair_text(was: float, now: float, unit: UnitFormat = AUTO) -> str:
    """Two amounts, kB: "33 → 61.5 M", "0 → 4 K", "8 → 9 p"; with all digits if they would look alike."""
    if unit.units != "auto":
        return f"{unit.amount(was)} → {unit.with_sign(unit.amount(now))}"
    before, after = (fmt.UNKNOWN if kb != kb else fmt.amount(kb) for kb in (was, now))
    if before == after and was != now:
        return f"{was:,.0f} → {now:,.0f} K"
    same_unit = before[-2:] == after[-2:] and before[-2:-1] == " "
    return f"{before[:-2] if same_unit else before} → {after}"


# what to do next


def _advice(
    history: MappingHistory, number: int, trend: Trend | None, events: tuple[Event, ...], pages_key: str
) -> str:
    """What to do next; empty where there is nothing that helps."""
    if any(event.what == "copy-on-write" for event in events):
        return f"{pages_key}: the pages that were copied, with the variables on them"
    kind = history.states[history.step_at(number)].kind
    if trend is None or not trend.goes_on or trend.kb <= 0 or kind not in (Kind.HEAP, Kind.ANONYMOUS):
        return ""
    label = label_at(history.timeline, number, history.mapping)
    profiler = _PROFILERS.get(label.text if label else "", _ANY_PROFILER)
    if history.timeline.faults.is_watched:
        return f"Who touched it first: the tab Callers. Who never frees it: {profiler}"
    return f"Who allocates? Ask a heap profiler: {profiler}"
