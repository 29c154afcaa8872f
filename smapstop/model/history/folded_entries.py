"""Fold the events of one tick into log entries: over all mappings, by group, or of one mapping."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import MECHANISMS, SymbolNames
from smapstop.model.grouping import GroupScope, group_ids
from smapstop.model.history.amount_runs import OUTLIER_FACTOR
from smapstop.model.history.entry_faults import EntryFaults
from smapstop.model.history.log_entry import EVENT_CODES, EVENT_KINDS, KEY_BASE, KINDS_SCOPE, ONE_TIME_CODES, LogEntry
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.history.tick_entries import (
    KINDS,
    ResolvedEntries,
    RowIndices,
    TickEntries,
    ref_at,
    resolve_entries,
)
from smapstop.model.tick import Ids
from smapstop.model.timeline.map_snapshot import MapSnapshot

MAX_OUTLIERS = 5
"""Outliers of a fold that stand alone in one tick."""


def fold_entries(
    entries: TickEntries,
    before: MapSnapshot,
    after: MapSnapshot,
    faults: PageFaults | None,
    known: Collection[int],
    room: int,
) -> list[LogEntry]:
    """Fold the events of all mappings in a tick, the costliest and largest last.

    A mechanism gives one entry per mapping. Events of mappings created in this tick, and one-time events, are folded
    by name. If that gives more than `room` new entries, these are folded by kind, except for outliers among them.

    Args:
        entries: Everything that happened in the tick.
        before: Snapshot before the tick.
        after: Snapshot after the tick.
        faults: Page faults that can have brought their pages, see `FaultQueries.since_reading`.
        known: Keys of the open entries; entries with these keys are not new.
        room: New entries allowed before folding by kind.
    """
    items = resolve_entries(entries.of_mappings(), before, after)
    return _build_entries(items, _fold_keys(items, known, room), before, after, faults) if len(items.entries) else []


def fold_group_entries(
    entries: TickEntries,
    before: MapSnapshot,
    after: MapSnapshot,
    faults: PageFaults | None,
    scope: GroupScope,
    groups: Ids,
    purposes: tuple[NDArray[np.int8], NDArray[np.int8]],
) -> list[LogEntry]:
    """Fold the events of groups in a tick: one entry per mechanism or lifecycle step of a group.

    Args:
        entries: Everything that happened in the tick.
        before: Snapshot before the tick.
        after: Snapshot after the tick.
        faults: Page faults that can have brought their pages, see `FaultQueries.since_reading`.
        scope: The mappings, and what they are grouped by.
        groups: Ids of the groups to include; `LogEntry.scope` is one of them.
        purposes: Positions in `PURPOSE_GROUPS` of the mappings before and after; read only to group by purpose.
    """
    items = resolve_entries(entries.of_mappings(), before, after)
    keys = scope.keys(items.entries.mapping, items.kind, items.name, items.select(*purposes))
    of_item = group_ids(keys)
    here = np.flatnonzero((keys >= 0) & np.isin(of_item, groups))
    items = items.take(here)
    keys = of_item[here] * KEY_BASE + items.entries.what
    return _build_entries(items, keys, before, after, faults) if len(here) else []


def _fold_keys(items: ResolvedEntries, known: Collection[int], room: int) -> NDArray[np.int64]:
    """Fold key of each item, shape (n,)."""
    what, mapping = items.entries.what, items.entries.mapping
    born = np.isin(mapping, mapping[what == EVENT_CODES["map"]])
    by_name = born | np.isin(what, ONE_TIME_CODES)
    nameless = np.flatnonzero(by_name & (items.name == 0))
    by_name[nameless[_outliers(items.kb[nameless], what[nameless], MAX_OUTLIERS)]] = False
    scope = np.where(by_name, -1 - items.name.astype(np.int64), mapping)
    keys, first, of_item = np.unique(scope * KEY_BASE + what, return_index=True, return_inverse=True)
    open_keys = np.fromiter(known, np.int64, len(known))
    fresh = np.flatnonzero(~np.isin(keys, open_keys))
    kb = np.bincount(of_item, weights=items.kb)
    if len(fresh) > room:
        of_kind = (KINDS_SCOPE - items.kind[first[fresh]]) * KEY_BASE + what[first[fresh]]
        _, of_fresh, kind_counts = np.unique(of_kind, return_inverse=True, return_counts=True)
        # an item alone of its kind keeps its name: that takes no more lines
        crowded = (kind_counts[of_fresh] > 1) | np.isin(of_kind, open_keys)
        crowded[_outliers(kb[fresh], of_fresh, max(1, min(room, MAX_OUTLIERS)))] = False
        keys[fresh[crowded]] = of_kind[crowded]
    folded: NDArray[np.int64] = keys[of_item]
    return folded


def _outliers(kb: NDArray[Any], of_fold: NDArray[np.signedinteger[Any]], most: int) -> RowIndices:
    """Items that are an order of magnitude larger than most others of their fold, at most the `most` largest."""
    if not len(kb) or kb.max() < OUTLIER_FACTOR * max(1, kb.min()):
        return np.zeros(0, np.intp)
    order = np.lexsort((kb, of_fold))
    counts = np.bincount(of_fold)
    usual = kb[order[np.maximum(np.cumsum(counts) - 1 - counts // 4, 0)]]  # three quarters are not larger
    far = np.flatnonzero(kb >= OUTLIER_FACTOR * np.maximum(usual, 1)[of_fold])
    return far[np.argsort(-kb[far], kind="stable")[:most]]


def _build_entries(
    items: ResolvedEntries,
    keys: NDArray[np.int64],
    before: MapSnapshot,
    after: MapSnapshot,
    faults: PageFaults | None,
) -> list[LogEntry]:
    """One entry per key, the costliest and largest last."""
    order = np.lexsort((items.kb, keys))
    starts = np.flatnonzero(np.diff(keys[order], prepend=keys[order[0]] - 1))
    stops = np.append(starts[1:], len(order))
    columns = (
        order[stops - 1],
        keys[order[starts]],
        stops - starts - np.add.reduceat(_repeated_mappings(items, keys)[order], starts),
        np.add.reduceat(items.kb[order], starts),
        np.add.reduceat(items.entries.kb[order], starts),
        np.add.reduceat(items.address_kb[order], starts),
        np.logical_and.reduceat(items.entries.sure[order], starts),
    )
    number, names = items.entries.number, _names(items.entries, keys)
    known, members = EntryFaults(items.entries, faults), np.split(items.entries.mapping[order], starts[1:])
    entries = []
    for ids, row, key, mappings, kb, moved, address_kb, sure in zip(
        members, *(column.tolist() for column in columns), strict=True
    ):
        code = key % KEY_BASE
        entries.append(
            LogEntry(
                what=EVENT_KINDS[code],
                scope=key // KEY_BASE,
                mapping=int(items.entries.mapping[row]),
                first=number,
                last=number,
                now=ref_at(after, int(items.now[row])),
                was=ref_at(before, int(items.was[row])),
                kind=KINDS[int(items.kind[row])],
                mappings=mappings,
                kb=kb,
                pages=max(int(code < len(MECHANISMS)), moved // items.entries.page_kb),
                address_kb=address_kb,
                sure=sure,
                names=((number, names[key]),) if mappings == 1 and key in names else (),
                faults=known.of(EVENT_KINDS[code], frozenset(ids.tolist())),
            )
        )
    return sorted(entries, key=lambda entry: (-entry.cost, entry.kb))


def _names(entries: TickEntries, keys: NDArray[np.int64]) -> dict[int, SymbolNames]:
    """Symbols on pages copied on write, by fold key."""
    names: dict[int, SymbolNames] = {}
    for row, some in entries.names:
        key = int(keys[row])
        names[key] = (*names.get(key, ()), *some)
    return names


def _repeated_mappings(items: ResolvedEntries, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mask of items whose mapping and key are in an earlier item: a mechanism sure only in part gives two."""
    counted = np.zeros(len(keys), bool)
    if not items.entries.sure.all():
        order = np.lexsort((items.entries.mapping, keys))
        pairs = np.stack([keys, items.entries.mapping])[:, order]
        counted[order[1:]] = (pairs[:, 1:] == pairs[:, :-1]).all(axis=0)
    return counted


def entries_of_mapping(entries: TickEntries, history: MappingHistory) -> list[LogEntry]:
    """Log entries of one mapping in a tick, the costliest and largest last.

    Its history must be updated up to the tick.
    """
    items = entries.of_mapping(history.mapping)
    if not history.states or not len(items):
        return []
    number, gone = entries.number, entries.number == history.gone_tick
    was = None if number == history.first_tick else history.states[history.step_at(number - 1)].ref
    now = None if gone else history.states[history.step_at(number)].ref
    kind = history.states[-1].kind
    grown = (now.size_kb if now else 0) - (was.size_kb if was else 0)
    shrunk = 0 if history.mapping in entries.other or not now else max(0, -grown)
    folded: dict[str, LogEntry] = {}
    for entry in reversed(list(items)):  # a mechanism that is sure only in part gives two
        same = folded.pop(entry.what, None)
        folded[entry.what] = replace(same.merged_with(entry), count=1) if same else entry
    faults = EntryFaults(items, history.timeline.faults.since_reading(number))
    ids = frozenset((history.mapping,))
    return [
        replace(
            entry,
            now=now,
            was=was,
            kind=kind,
            kb=entry.kb if entry.event else abs(grown),
            faults=faults.of(entry.what, ids),
            address_kb=shrunk if entry.what == "unmapped" and shrunk >= entry.kb else 0,
        )
        for entry in folded.values()
    ]
