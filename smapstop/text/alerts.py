"""Text of alerts: the alert, its value, and the mapping behind it."""

from collections.abc import Sequence

import numpy as np

from smapstop.model.alerts.cause import AlertCause, MappingsCause, cause_of, mappings_cause_of, window_start
from smapstop.model.alerts.expression import FIELDS_OF_SCOPE, Alert, AlertTerm
from smapstop.model.alerts.family_values import family_cause_of, unread_at
from smapstop.model.alerts.limits import limit_of
from smapstop.model.alerts.states import AlertState
from smapstop.model.alerts.ticks import AlertTicks
from smapstop.model.alerts.values import values_at
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.short_names import without_path
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.totals import SUMMED_FIELDS
from smapstop.model.view.row_names import row_name
from smapstop.model.view.table_data import static_table
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.text import format as fmt
from smapstop.text.family import member_title
from smapstop.text.mechanisms import event_verdict
from smapstop.text.units import AUTO, UnitFormat

_LABELS = {"uss": "Uss", "dirty": "Dirty", "rss_anon": "RssAnon", "rss_file": "RssFile", "rss_shmem": "RssShmem"}


def alert_line(
    alert: Alert, state: AlertState, ticks: AlertTicks, family: FamilyLog | None = None, unit: UnitFormat = AUTO
) -> str:
    """Line about an alert that was raised: its expression, the values then, and which mapping or process did it.

    For instance "rss>500M: Rss 512 M; most in [heap]: +312 M of +320 M since 14:02:11 (79,872 pages first touch)".
    """
    assert state.raised is not None, "the alert was raised"
    tick = ticks.header(state.raised)
    values = values_text(alert, values_at(alert, ticks, state.raised, family), tick, unit)
    if alert.scope != "process" and family is not None:
        unread, count = unread_at(alert, family, tick.monotonic_ns)
        values += f" ({unread:,} of {count:,} processes not read)" if unread and alert.scope == "family" else ""
        cause = _family_cause_text(alert, state, ticks, family, unit)
    else:
        cause = cause_text(alert, state, ticks.timeline, unit)
    return f"{fmt.printable(alert.text)}: " + "; ".join(filter(None, (values, cause)))


def _family_cause_text(
    alert: Alert, state: AlertState, ticks: AlertTicks, family: FamilyLog, unit: UnitFormat
) -> str:
    """Which process did it; empty if that is not known."""
    assert state.raised is not None, "the alert was raised"
    since = window_start(alert, state)
    cause = family_cause_of(alert, family, ticks, since, state.raised)
    if cause is None:
        return ""
    who = f"{member_title(cause.member)} {cause.member.member.pid}"
    clock = fmt.clock(ticks.header(max(ticks.oldest, cause.since)).wall_ns)
    if alert.scope == "member":
        return f"{who}: {unit.change(cause.kb)} since {clock}" if cause.kb else who
    whole = f" of {unit.change(cause.total_kb)}" if abs(cause.total_kb) > abs(cause.kb) else ""
    return f"most in {who}: {unit.change(cause.kb)}{whole} since {clock}"


def values_text(alert: Alert, values: Sequence[float | None], tick: Tick, unit: UnitFormat = AUTO) -> str:
    """Values of the terms: "Uss 412 M, 82 % of 500 M"; of a family "Σ Pss 1.2 G"."""
    pairs = zip(alert.terms, values, strict=True)
    texts = [(term, _value_text(term, value, tick, unit)) for term, value in pairs if value is not None]
    is_sum = alert.scope == "family"
    return ", ".join(f"{'Σ ' * (is_sum and term.quantity != 'processes')}{text}" for term, text in texts)


def _value_text(term: AlertTerm, value: float, tick: Tick, unit: UnitFormat) -> str:
    """Value of a term with its name."""
    limit = limit_of(term, tick)
    match term.quantity:
        case "limit":
            return f"memory limit {fmt.percent(value)} of {unit.text(limit)} used"
        case "faults":
            return f"faults {fmt.per_second(value)}"
        case "rate":
            return f"{_label(term)} {_rate_text(unit.change(value))}/s"
        case "processes":
            return f"{value:,.0f} process{'es' * (value != 1)}"
        case "mappings":
            count = round(value * limit) if term.of_limit and limit else round(value)
            share = f", {fmt.percent(value)} of {limit:,.0f}" if term.of_limit and limit else ""
            return f"{count:,} mappings{share}"
    if term.of_limit and limit:
        return f"{_label(term)} {unit.text(value * limit)}, {fmt.percent(value)} of {unit.text(limit)}"
    return f"{_label(term)} {unit.text(value)}"


def _rate_text(rate: str) -> str:
    """Format a rate, 0 included."""
    return "0" if rate == fmt.STILL else rate


def _label(term: AlertTerm) -> str:
    """Name of the amount."""
    return FIELD_BY_NAME[term.field].label if term.field in FIELD_BY_NAME else _LABELS[term.field]


def cause_text(alert: Alert, state: AlertState, timeline: Timeline, unit: UnitFormat = AUTO) -> str:
    """Which mapping did it; empty if that is not known."""
    assert state.raised is not None, "the alert was raised"
    if all(term.quantity == "mappings" for term in alert.terms):
        names = mappings_cause_of(alert, state, timeline)
        return "" if names is None else _names_text(names, timeline)
    cause = cause_of(alert, state, timeline)
    if cause is None:
        return ""
    return _cause_text(cause, mapping_name(timeline, cause.mapping, state.raised), timeline, unit)


def _names_text(names: MappingsCause, timeline: Timeline) -> str:
    """The name of which most mappings were added, or which most have."""
    name = without_path(fmt.printable(names.name)) or "anonymous"
    if not names.added:
        return f"{names.count:,} of them {name}"
    since = fmt.clock(timeline.header(names.since).wall_ns)
    return f"most new ones are {name}: +{names.added:,} since {since}, {names.count:,} in all"


def _cause_text(cause: AlertCause, name: str, timeline: Timeline, unit: UnitFormat) -> str:
    """The mapping, its change and its part of the whole, since when, and what happened to it."""
    total = cause.total_kb
    whole = f" of {unit.change(total)}" if total is not None and abs(total) > abs(cause.kb) else ""
    since = fmt.clock(timeline.header(cause.since).wall_ns)
    verdict = f" ({event_verdict(cause.event, full=True)})" if cause.event is not None else ""
    return f"most in {name}: {unit.change(cause.kb)}{whole} since {since}{verdict}"


def mapping_name(timeline: Timeline, mapping: int, number: int) -> str:
    """Name of a mapping at a tick, as the table has it."""
    snapshot = timeline.at(number)
    row = snapshot.row_of(mapping)
    assert row is not None, "the mapping is there"
    table = static_table(snapshot.mappings, timeline.purposes_at(number)).take(np.array([row]))
    return fmt.printable(row_name(table, 0))


def unknown_text(alert: Alert, timeline: Timeline) -> str:
    """Why an alert cannot be raised as things are now; empty if it can. There must be a tick."""
    snapshot = timeline.last
    assert snapshot is not None, "there is a tick"
    tick, fields = snapshot.tick, snapshot.mappings.fields if alert.part else snapshot.tick.totals
    for term in alert.terms:
        is_of_limit = term.of_limit or term.quantity == "limit"
        if is_of_limit and limit_of(term, tick) is None:
            if tick.limits.cgroup_missing and term.quantity != "mappings":
                return f"alert {fmt.printable(alert.text)} cannot be raised: {tick.limits.cgroup_missing}"
            return f"alert {fmt.printable(alert.text)} cannot be raised: the process has no {_limit_name(term)} now"
        if alert.scope in FIELDS_OF_SCOPE:  # what the family has is only known once it is read
            continue
        parts = SUMMED_FIELDS.get(term.field, (term.field,)) if alert.part else (term.field,)
        if term.field and tick.has_mappings and not any(part in fields for part in parts):
            return f"alert {fmt.printable(alert.text)} cannot be raised: {_label(term)} is not printed here"
    return ""


def _limit_name(term: AlertTerm) -> str:
    """Name of the limit that a term is about."""
    if term.quantity == "mappings":
        return "limit of mappings"
    return "swap limit" if term.field == "swap" else "memory limit"
