"""One step of the sampler: what a reading says of the process, compared with the one before."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import NO_EVENTS, Events
from smapstop.model.explain.rules import FaultCounts, explain, faults_between
from smapstop.model.identity import NO_ROW, Match, Rows, match_readings, number_first_reading
from smapstop.model.mapping_rows import changed_rows, find_rows
from smapstop.model.tick import Ids
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.pages.page_runs import PageRuns
from smapstop.proc.stat import PAGE_KB
from smapstop.sampling.page_positions import count_lost_kb
from smapstop.sampling.process_reader import ProcessReading

KEYFRAME_EVERY = 120
"""Ticks between keyframes: going back in time replays at most this many."""
_NO_IDS: Ids = np.zeros(0, np.int64)
_NO_ROWS: Rows = np.zeros(0, np.intp)
_NOWHERE_KNOWN: Mapping[int, PageRuns] = MappingProxyType({})

KnownMappings = tuple[Mappings, Ids]
"""Mappings of a reading, and their ids."""


@dataclass(frozen=True, slots=True, eq=False)
class SamplerState:
    """State of the sampler between two readings."""

    known: KnownMappings | None = None
    """The last mappings read of this program; None before the first."""
    counters: Counters | None = None
    """Counters of that reading."""
    torn: bool = False
    """Whether the map changed during that reading."""
    next_id: int = 0
    """Id of the next new mapping."""
    since_keyframe: int = 0
    """Ticks with mappings since the last keyframe."""


@dataclass(frozen=True, slots=True, eq=False)
class Transition:
    """Result of one reading: the next state, and what the tick contains."""

    state: SamplerState
    is_first: bool
    """No mappings were known before: watching begins, or after an exec."""
    keyframe: bool
    """The tick contains every mapping."""
    matched: Match
    """Mappings of the reading, matched with known ids."""
    changed: Rows
    """Rows of the reading that are new or differ from the last one."""
    events: Events
    """Mechanisms that explain the changes; without symbol names."""


def advance(
    state: SamplerState,
    reading: ProcessReading,
    page_kb: int = PAGE_KB,
    known_pages: Mapping[int, PageRuns] = _NOWHERE_KNOWN,
) -> Transition:
    """Identify, diff and explain a reading against the previous state; a pure function.

    Args:
        state: State after the previous reading.
        reading: The reading.
        page_kb: Page size where it was taken, kB.
        known_pages: Where the pages were of some mappings, by id.
    """
    known = None if reading.executed else state.known
    if known is not None and not reading.has_mappings:
        nothing = Match(_NO_IDS, _NO_ROWS, _NO_IDS, (), state.next_id)
        return Transition(state, False, False, nothing, _NO_ROWS, NO_EVENTS)
    since = state.since_keyframe + 1
    keyframe = known is None or since >= KEYFRAME_EVERY
    mappings = reading.mappings
    faults = _most_faults(state, reading)
    faulted_kb = None if faults is None else (faults.minor + faults.major) * page_kb
    matched = (
        match_readings(*known, mappings, state.next_id, faulted_kb)
        if known
        else number_first_reading(mappings, state.next_id)
    )
    changed = changed_rows(known[0], matched.previous_rows, mappings) if known else np.arange(len(mappings))
    state = replace(state, known=known, since_keyframe=0 if keyframe else since)
    events = _explain(state, reading, matched, changed, page_kb, known_pages)
    if reading.has_mappings:
        state = replace(
            state,
            known=(mappings, matched.ids),
            counters=reading.counters,
            torn=reading.torn,
            next_id=matched.next_id,
        )
    return Transition(state, known is None, keyframe, matched, changed, events)


def _explain(
    state: SamplerState,
    reading: ProcessReading,
    matched: Match,
    rows: Rows,
    page_kb: int,
    known_pages: Mapping[int, PageRuns],
) -> Events:
    """Explain why rows changed since the last reading; nothing is explained when either reading is torn."""
    if state.known is None or state.counters is None or not reading.has_mappings or reading.torn or state.torn:
        return NO_EVENTS
    old, old_ids = state.known
    faults = _most_faults(state, reading)
    before_rows = np.concatenate([matched.previous_rows[rows], find_rows(old_ids, matched.gone)])
    after_rows = np.concatenate([rows, np.full(len(matched.gone), NO_ROW)])
    ids = np.concatenate([matched.ids[rows], matched.gone])
    lost_kb = count_lost_kb(known_pages, old, before_rows, reading.mappings, after_rows, ids)
    return explain(old, before_rows, reading.mappings, after_rows, ids, faults, page_kb, lost_kb)


def _most_faults(state: SamplerState, reading: ProcessReading) -> FaultCounts | None:
    """Page faults from before the last mappings were read until these were: no page came by another one."""
    return None if state.counters is None else faults_between(state.counters, reading.counters_after)
