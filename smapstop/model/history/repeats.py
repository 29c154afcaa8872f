"""Count how often in a row the same event happened to a mapping."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from smapstop.model.events import costs_of
from smapstop.model.history.amount_runs import RUN_TICKS, are_unlike
from smapstop.model.history.log_entry import EVENT_CODES
from smapstop.model.timeline.timeline import Timeline

MAX_REPEATS = 30
"""Most repeats that are counted."""
_MAX_EVENTS = 2_000
"""In ticks with more events than this nothing is looked up, since that would take too long."""
_NOTHING = -1


def repeat_counter(timeline: Timeline) -> Callable[[int, int], int]:
    """Return a function of a mapping and a tick: how often up to then the main event of the tick happened in a row.

    Other ticks may lie between, but no more than a run of events may have, and with no other main event; nor is an
    amount of another order of magnitude a repeat. The count is 1 where nothing happened, and never more than
    `MAX_REPEATS`.
    """
    main_event = lru_cache(8_192)(lambda mapping, number: _main_event(timeline, mapping, number))

    @lru_cache(1_024)
    def count(mapping: int, number: int, oldest: int) -> int:
        (code, kb), found, last = main_event(mapping, number), 1, number
        for before in range(number - 1, oldest - 1, -1):
            if code == _NOTHING or found == MAX_REPEATS or before < last - RUN_TICKS:
                break
            other, other_kb = main_event(mapping, before)
            if other == code and not are_unlike(kb, other_kb):
                found, last = found + 1, before
            elif other != _NOTHING:
                break
        return found

    return lambda mapping, number: count(mapping, number, timeline.oldest)


def _main_event(timeline: Timeline, mapping: int, number: int) -> tuple[int, int]:
    """Code and kB of the costliest, then largest mechanism in a mapping at a tick, else of a lifecycle event."""
    tick = timeline.header(number)
    if len(tick.events) + len(tick.lineage) > _MAX_EVENTS:
        return _NOTHING, 0
    rows = np.flatnonzero(tick.events.mapping == mapping)
    if not len(rows):
        codes = (EVENT_CODES[event.what] for event in tick.lineage if event.mapping == mapping)
        return next(codes, _NOTHING), 0
    what, kb = tick.events.what[rows], tick.events.kb[rows]
    first = np.lexsort((-kb, costs_of(what)))[0] if len(rows) > 1 else 0
    return int(what[first]), int(kb[first])
