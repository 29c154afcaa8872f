"""Find the mapping behind an alert: the one that grew most, and what happened to it."""

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.alerts.expression import Alert
from smapstop.model.alerts.states import AlertState
from smapstop.model.alerts.values import part_mask, sum_of_part
from smapstop.model.events import Cost, Event, Mechanism
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.history.tick_entries import tick_entries
from smapstop.model.timeline.map_diff import MapDiff, diff_maps
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.totals import SUMMED_FIELDS
from smapstop.model.view.view import RATE_TICKS

_MOST_STEPS = 500
"""Changes of a mapping that are looked at, the last ones."""
_FIELD_OF_BACKING = {"rss_anon": "anonymous", "rss_file": "rss", "rss_shmem": "rss"}
"""Fields of mappings that come nearest to totals that these do not have."""


@dataclass(frozen=True, slots=True)
class AlertCause:
    """The mapping that grew most, or shrank most if the alert is about an amount that falls."""

    mapping: int
    """Its id."""
    since: int
    """Tick since which the changes are."""
    kb: int
    """Its change of the alert's metric, kB."""
    total_kb: float | None
    """Change of the metric of the whole process, or of the part that the alert is about; None if unknown."""
    event: Event | None
    """What happened most to it meanwhile, with its sums; None if nothing is known."""


def cause_of(alert: Alert, state: AlertState, timeline: Timeline) -> AlertCause | None:
    """Find which mapping did it, when an alert was raised; None if none changed that way, as far as is known."""
    assert state.raised is not None, "the alert was raised"
    before, after = _snapshot(timeline, window_start(alert, state)), timeline.at(state.raised)
    sign = -1 if alert.main_term.than[0] == "<" else 1
    field = _FIELD_OF_BACKING.get(alert.metric, alert.metric)
    diff = diff_maps(before, after)
    change = _change(diff, field)
    if change is None or not len(change):
        return None
    change = np.where(part_mask(alert.part, timeline, after), change, 0)
    row = int(np.argmax(sign * change))
    kb, mapping = int(change[row]), int(after.ids[row])
    if sign * kb <= 0:
        return None
    was, now = (sum_of_part(field, alert.part, timeline, snapshot) for snapshot in (before, after))
    total_kb = None if was is None or now is None else now - was
    event = _main_event(timeline, mapping, before.tick.number, state.raised, rising=sign > 0)
    return AlertCause(mapping, before.tick.number, kb, total_kb, event)


@dataclass(frozen=True, slots=True)
class MappingsCause:
    """The name of which most mappings were added."""

    name: str
    """As the kernel prints it; empty for anonymous memory."""
    count: int
    """Mappings that have it now."""
    added: int
    """How many more these are than at `since`; 0 if none was added, and then it is the most frequent."""
    since: int


def mappings_cause_of(alert: Alert, state: AlertState, timeline: Timeline) -> MappingsCause | None:
    """Find the name that made the number of mappings grow, when an alert was raised; None without mappings."""
    assert state.raised is not None, "the alert was raised"
    before, after = _snapshot(timeline, state.begun), timeline.at(state.raised)
    names = [each.mappings.name[part_mask(alert.part, timeline, each)] for each in (before, after)]
    if not len(names[1]):
        return None
    was, now = (np.bincount(each, minlength=len(after.mappings.strings)) for each in names)
    added = now - was if (now > was).any() else now
    code = int(added.argmax())
    return MappingsCause(
        after.mappings.strings[code], int(now[code]), max(0, int(now[code] - was[code])), before.tick.number
    )


def window_start(alert: Alert, state: AlertState) -> int:
    """Tick since which changes count.

    Of a rate that is since it was that high; of an amount since the start, or since the alert was last cleared.
    """
    if not any(term.quantity in ("rate", "faults") for term in alert.terms) or state.held_since is None:
        return state.begun
    return max(state.begun, state.held_since - RATE_TICKS)


def _snapshot(timeline: Timeline, number: int) -> MapSnapshot:
    """Map snapshot of a tick, or the earliest one that is known after it."""
    return timeline.initial if number == 0 else timeline.at(max(timeline.oldest, number))


def _change(diff: MapDiff, field: str) -> "np.typing.NDArray[np.int64] | None":
    """Change of a field of each mapping, kB; None where it is not printed."""
    deltas = [delta for name in SUMMED_FIELDS.get(field, (field,)) if (delta := diff.delta(name)) is not None]
    return sum(deltas[1:], deltas[0]) if deltas else None


def _main_event(timeline: Timeline, mapping: int, first: int, last: int, *, rising: bool) -> Event | None:
    """What happened most to a mapping after a tick, up to another."""
    history, totals = MappingHistory(timeline, mapping), dict[Mechanism, LogEntry]()
    numbers = history.numbers(history.step_at(last))
    unwanted = Cost.RETURNED if rising else Cost.MEMORY
    for number in numbers[(numbers > max(first, timeline.oldest - 1)) & (numbers <= last)][-_MOST_STEPS:].tolist():
        for entry in tick_entries(timeline.header(number)).of_mapping(mapping):
            if entry.event is not None and entry.cost is not unwanted:
                known = totals.get(entry.event.what)
                totals[entry.event.what] = known.merged_with(entry) if known else entry
    return max(totals.values(), key=lambda entry: entry.kb).event if totals else None
