"""Whose doing the events of a mapping were, where its page faults tell."""

from collections.abc import Sequence
from dataclasses import dataclass

from smapstop.model.callers.culprit import top_function
from smapstop.model.events import Event, Mechanism
from smapstop.model.tick import Tick
from smapstop.proc.callstack.frames import Frame

_PAGES_OF_FAULT: dict[Mechanism, int] = {
    "first-touch": 1,
    "copy-on-write": 1,
    "copy-on-write-after-fork": 1,
    "file-read": 16,
    "shared-map": 16,
    "huge-fault": 1 << 18,
}
"""Mechanisms that are page faults, and how many pages one may bring: of a file also those around (fault-around)."""
_ALL, _MOST = 0.99, 0.5
_LATE = 1.25
"""smaps is read a moment after the faults are counted: so much more may have happened."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """The function whose doing events were."""

    frame: Frame
    is_alone: bool
    """Whether all faults were its, or else most of them."""
    sure: bool
    """False if some faults were lost, or may have been inside system calls."""


def culprit_of(tick: Tick, mapping: int, events: Sequence[Event]) -> Culprit | None:
    """Find whose doing the events of a mapping in a tick were; None if they were not page faults, or nobody's mostly.

    The pages must be accounted for by the faults that were seen in this mapping in this tick: what was populated in
    another way (MAP_POPULATE, read(2) into new memory) is nobody's here. Of several events each may have been
    somebody else's, unless one function made all the faults.
    """
    if tick.faults is None or not events or any(event.what not in _PAGES_OF_FAULT for event in events):
        return None
    top = top_function(tick.faults, mapping)
    if top is None or top.faults < _MOST * top.seen:
        return None
    is_alone = top.faults >= _ALL * top.seen
    per_fault = max(_PAGES_OF_FAULT[event.what] for event in events)
    pages, hidden = sum(event.pages for event in events), tick.faults.in_system_calls
    if pages > top.seen * per_fault * (1 if hidden else _LATE) or (len(events) > 1 and not is_alone):
        return None
    return Culprit(top.frame, is_alone, not tick.faults.lost and (per_fault == 1 or (is_alone and not hidden)))
