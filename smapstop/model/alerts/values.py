"""Values that an alert compares, at a tick of a timeline."""

from dataclasses import replace

import numpy as np

from smapstop.model.alerts.expression import Alert, AlertTerm
from smapstop.model.alerts.family_values import family_values_at
from smapstop.model.alerts.limits import limit_of
from smapstop.model.alerts.ticks import AlertTicks
from smapstop.model.family.family_log import FamilyLog
from smapstop.model.limit_use import count_mappings
from smapstop.model.tick import Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.rates import fault_rates, rate_seconds
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.totals import SUMMED_FIELDS
from smapstop.model.view.filter import parse_filter
from smapstop.model.view.sort import Mask
from smapstop.model.view.table_data import static_table
from smapstop.model.view.view import RATE_TICKS
from smapstop.proc.columns import ABSENT

_MOST_TICKS_BACK = 64
"""A rate is since a reading that is at most so many ticks older."""


def values_at(
    alert: Alert, ticks: AlertTicks, number: int, family: FamilyLog | None = None
) -> tuple[float | None, ...]:
    """Values of the terms at a tick, in the units of their thresholds; None where they are not known then.

    Args:
        alert: The alert.
        ticks: Ticks of the process, and after its end readings of its family.
        number: Number of the tick.
        family: The family of the process, for alerts about that; None if it is not read.
    """
    if alert.scope == "process":
        return tuple(_value(term, alert.part, ticks.timeline, number) for term in alert.terms)
    return (None,) * len(alert.terms) if family is None else family_values_at(alert, family, ticks, number)


def part_mask(part: str, timeline: Timeline, snapshot: MapSnapshot) -> Mask:
    """Mask of the mappings of a snapshot that a filter chooses.

    Raises:
        SmapstopError: As `parse_filter`.
    """
    if not part:
        return np.ones(len(snapshot.ids), bool)
    number = max(timeline.oldest, snapshot.tick.number)
    table = static_table(snapshot.mappings, timeline.purposes_at(number))
    return parse_filter(part)(replace(table, ids=snapshot.ids, stacks=timeline.stacks_at(number)))


def _value(term: AlertTerm, part: str, timeline: Timeline, number: int) -> float | None:
    """Value of a term."""
    tick = timeline.header(number)
    match term.quantity:
        case "limit":
            group, limit_kb = tick.limits.cgroup, limit_of(term, tick)
            return group.needed_bytes / 1024 / limit_kb if group is not None and limit_kb else None
        case "faults":
            rates = fault_rates(timeline.header(max(timeline.oldest, number - 1)), tick)
            return None if rates is None else sum(rates)
        case "rate":
            return _rate(term.field, part, timeline, number)
        case "mappings":
            value = _mapping_count(part, timeline, tick)
        case "amount":
            value = _amount(term.field, part, timeline, tick)
    if value is None or not term.of_limit:
        return value
    limit = limit_of(term, tick)
    return value / limit if limit else None


def _mapping_count(part: str, timeline: Timeline, tick: Tick) -> float | None:
    """Number of mappings of a part."""
    if not tick.has_mappings:
        return None
    snapshot = timeline.at(tick.number)
    if not part:
        return count_mappings(snapshot.mappings)
    return int(np.count_nonzero(part_mask(part, timeline, snapshot)))


def _amount(field: str, part: str, timeline: Timeline, tick: Tick) -> float | None:
    """A total of the process, or the sum over a part of it, kB."""
    if not part:
        return tick.totals.get(field)
    if not tick.has_mappings:
        return None
    return sum_of_part(field, part, timeline, timeline.at(tick.number))


def sum_of_part(field: str, part: str, timeline: Timeline, snapshot: MapSnapshot) -> float | None:
    """Sum of a field over a part of a map, kB; None where it is not printed."""
    columns = [snapshot.mappings.get(name) for name in SUMMED_FIELDS.get(field, (field,))]
    known = [column for column in columns if column is not None and (column != ABSENT).any()]
    if not known:
        return None
    mask = part_mask(part, timeline, snapshot)
    return sum(int(np.maximum(column[mask], 0).sum()) for column in known)


def _rate(field: str, part: str, timeline: Timeline, number: int) -> float | None:
    """Growth of an amount over the last ticks, kB per second."""
    tick = timeline.header(number)
    now = _amount(field, part, timeline, tick)
    if now is None:
        return None
    for since in range(number - RATE_TICKS, max(timeline.oldest - 1, number - _MOST_TICKS_BACK), -1):
        before = timeline.header(since)
        was = _amount(field, part, timeline, before)
        if was is not None:
            seconds = rate_seconds(before, tick)
            return None if seconds is None else (now - was) / seconds
    return None
