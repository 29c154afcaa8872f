"""Find the function that caused the events of a mapping, if its page faults show it."""

from collections.abc import Sequence

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.culprit import FunctionFaults, function_faults
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import PAGES_OF_FAULT, Event
from smapstop.model.history.log_entry import LogEntry
from smapstop.proc.callstack.frames import Frame

_ALL, _MOST = 0.99, 0.5
_LATE = 1.25
"""smaps is read a moment after the faults are counted: so much more may have happened."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """Function that caused events."""

    frame: Frame
    is_alone: bool
    """Whether all faults were its, or else most of them."""
    sure: bool
    """False if some faults were lost, or may have been inside system calls."""


def culprit_of(faults: PageFaults | None, mapping: int, events: Sequence[Event]) -> Culprit | None:
    """Find the function that caused the events of a mapping in a tick; None without page faults, or a majority.

    Each of several events may have another cause, unless one function made all the faults.

    Args:
        faults: Page faults that can have brought their pages, see `FaultQueries.since_reading`; None if not watched.
        mapping: Id of the mapping.
        events: What happened to it in the tick.
    """
    if faults is None:
        return None
    return _judge(function_faults(faults, (mapping,), is_mixed=len(events) > 1), events)


def culprit_of_entry(entry: LogEntry) -> Culprit | None:
    """Find the function that caused an entry of the event log, in all its mappings and ticks; else None."""
    return None if entry.faults is None or entry.event is None else _judge(entry.faults, (entry.event,))


def _judge(faults: FunctionFaults, events: Sequence[Event]) -> Culprit | None:
    """Find the function that caused events.

    The pages must be accounted for by the faults that were seen in these mappings at that time: what was populated in
    another way (MAP_POPULATE, read(2) into new memory) is nobody's here.
    """
    if not events or any(event.what not in PAGES_OF_FAULT for event in events):
        return None
    top = faults.top
    if top is None or top.faults < _MOST * faults.seen:
        return None
    is_alone = top.faults >= _ALL * faults.seen
    per_fault = max(PAGES_OF_FAULT[event.what] for event in events)
    pages = sum(event.pages for event in events)
    if pages > faults.seen * per_fault * (1 if faults.has_hidden else _LATE) or (faults.is_mixed and not is_alone):
        return None
    is_sure = not faults.has_losses and (per_fault == 1 or (is_alone and not faults.has_hidden))
    return Culprit(top.frame, is_alone, is_sure)
