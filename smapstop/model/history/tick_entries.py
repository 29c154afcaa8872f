"""Derive what happened in one tick, in columns; only items that are shown become Python objects."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import MECHANISMS, SymbolNames, costs_of
from smapstop.model.history.log_entry import (
    EVENT_CODES,
    EVENT_KINDS,
    PROCESS_SCOPE,
    LogEntry,
    MappingRef,
    ProcessNote,
    ref_of,
)
from smapstop.model.kinds import Kind, kind_codes
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import StringIds

NO_MAPPING = -1
"""Id for no mapping: the event is of the process, or involves no other mapping."""
_UNMAPPED, _UNMAP, _SHRINK = (EVENT_CODES[what] for what in ("unmapped", "unmap", "shrink"))
RowIndices = NDArray[np.intp]
KINDS = list(Kind)


@dataclass(frozen=True, slots=True, eq=False)
class TickEntries:
    """Everything that happened in a tick: mechanisms, lifecycle steps of mappings, notes on the process.

    Columns have shape (n,).
    """

    number: int
    """Number of the tick."""
    page_kb: int
    what: NDArray[np.signedinteger[Any]]
    """Codes of `EVENT_KINDS`."""
    mapping: Ids
    """The mapping it happened to, or `NO_MAPPING`."""
    other: Ids
    """The mapping split from, or merged into, or `NO_MAPPING`."""
    kb: NDArray[np.int64]
    """kB moved by a mechanism, or unmapped with a mapping that is gone; 0 for other events."""
    sure: NDArray[np.bool_]
    names: tuple[tuple[int, SymbolNames], ...]
    """See `Events.names`."""

    def __len__(self) -> int:
        return len(self.what)

    def __iter__(self) -> Iterator[LogEntry]:
        """One log entry per item, without name and addresses of its mapping."""
        nothing = np.zeros(len(self), np.int64)
        return _iterate_entries(self, self.kb, nothing, repeat((None, None, None)))

    def take(self, rows: RowIndices) -> "TickEntries":
        """Select items, in the order of `rows`."""
        named = dict(self.names)
        return TickEntries(
            number=self.number,
            page_kb=self.page_kb,
            what=self.what[rows],
            mapping=self.mapping[rows],
            other=self.other[rows],
            kb=self.kb[rows],
            sure=self.sure[rows],
            names=tuple((at, named[row]) for at, row in enumerate(rows.tolist()) if row in named) if named else (),
        )

    def of_mapping(self, mapping: int) -> "TickEntries":
        """Items of one mapping, the costliest first, then the largest."""
        rows = np.flatnonzero(self.mapping == mapping)
        return self.take(rows if len(rows) < 2 else rows[np.lexsort((-self.kb[rows], costs_of(self.what[rows])))])

    def of_mappings(self) -> "TickEntries":
        """Items of all mappings."""
        rows = np.flatnonzero(self.mapping != NO_MAPPING)
        return self if len(rows) == len(self) else self.take(rows)

    def of_process(self) -> "TickEntries":
        """Items of the process as a whole, and of reading it."""
        return self.take(np.flatnonzero(self.mapping == NO_MAPPING))


@lru_cache(1)  # every table row queries the tick that changed it: often the same one
def tick_entries(tick: Tick) -> TickEntries:
    """Derive everything that happened in a tick; the dashboard and exports only format it.

    Unmapping is reported once: by the `unmap` of a mapping that is gone, with its pages; of a mapping that shrank, by
    `unmapped` if it had pages there, else by `shrink`.
    """
    entries = recorded_entries(tick)
    shrunk = (entries.what == _SHRINK) & (entries.kb > 0)
    return replace(entries, what=np.where(shrunk, _UNMAPPED, entries.what)) if shrunk.any() else entries


def recorded_entries(tick: Tick) -> TickEntries:
    """As `tick_entries`, but pages that a mapping lost as it shrank are an amount of its `shrink`."""
    entries = _all_entries(tick)
    unmapped = np.flatnonzero(entries.what == _UNMAPPED)
    if not len(unmapped):
        return entries
    carriers = np.flatnonzero((entries.what == _UNMAP) | (entries.what == _SHRINK))
    order = carriers[np.argsort(entries.mapping[carriers], kind="stable")]
    at = find_rows(entries.mapping[order], entries.mapping[unmapped])
    carried, to = unmapped[at >= 0], order[at[at >= 0]]
    kb, sure = entries.kb.copy(), entries.sure.copy()
    np.add.at(kb, to, kb[carried])
    np.logical_and.at(sure, to, sure[carried])
    kept = np.ones(len(entries), bool)
    kept[carried] = False
    return replace(entries, kb=kb, sure=sure).take(np.flatnonzero(kept))


def _all_entries(tick: Tick) -> TickEntries:
    """Mechanisms, lifecycle steps of mappings, and notes on the process."""
    events, notes = tick.events, _notes(tick)
    more = [(EVENT_CODES[it.what], it.mapping, NO_MAPPING if it.other is None else it.other) for it in tick.lineage]
    more += [(EVENT_CODES[note], NO_MAPPING, NO_MAPPING) for note in notes]
    nobody = np.full(len(events), NO_MAPPING)
    if not more:
        columns = (events.what, events.mapping, nobody, events.kb, events.sure)
        return TickEntries(tick.number, events.page_kb, *columns, events.names)
    what, mapping, other = np.array(more, np.int64).reshape(-1, 3).T
    return TickEntries(
        number=tick.number,
        page_kb=events.page_kb,
        what=np.concatenate([events.what, what]),
        mapping=np.concatenate([events.mapping, mapping]),
        other=np.concatenate([nobody, other]),
        kb=np.concatenate([events.kb, np.zeros(len(more), np.int64)]),
        sure=np.concatenate([events.sure, np.ones(len(more), bool)]),
        names=events.names,
    )


def _notes(tick: Tick) -> list[ProcessNote]:
    """Notes on the process as a whole, and on reading it."""
    notes: dict[ProcessNote, object] = {
        "missing": tick.missing,
        "torn": tick.torn,
        "exec": tick.executed,
        "end": tick.ending,
    }
    return [note for note, value in notes.items() if value]


# joined with the snapshots before and after the tick


def single_entries(entries: TickEntries, before: MapSnapshot | None, after: MapSnapshot) -> list[LogEntry]:
    """One log entry per item of a tick, with name and addresses of its mapping.

    Args:
        entries: Everything that happened in the tick.
        before: Snapshot before the tick; `None` if it is not available.
        after: Snapshot after the tick.
    """
    resolved = resolve_entries(entries.of_mappings(), before, after)
    columns = (column.tolist() for column in (resolved.now, resolved.was, resolved.kind))
    known = ((ref_at(after, now), ref_at(before, was), KINDS[kind]) for now, was, kind in zip(*columns, strict=True))
    amounts = resolved.kb, resolved.address_kb
    return [*_iterate_entries(resolved.entries, *amounts, known), *entries.of_process()]


_ResolvedMapping = tuple[MappingRef | None, MappingRef | None, Kind | None]
"""A mapping after the tick and before it, and its kind."""


def _iterate_entries(
    entries: TickEntries,
    amounts: NDArray[np.int64],
    address_amounts: NDArray[np.int64],
    known: Iterable[_ResolvedMapping],
) -> Iterator[LogEntry]:
    """Yield one log entry per item."""
    number, page_kb, names = entries.number, entries.page_kb, dict(entries.names)
    arrays = (entries.what, entries.mapping, entries.other, amounts, entries.kb, address_amounts, entries.sure)
    columns = (column.tolist() for column in arrays)
    rows = zip(zip(*columns, strict=True), known, strict=False)  # `known` may be an endless `repeat`
    for row, ((code, mapping, other, kb, moved, address_kb, sure), (now, was, kind)) in enumerate(rows):
        of_mapping = mapping != NO_MAPPING
        yield LogEntry(
            what=EVENT_KINDS[code],
            scope=mapping if of_mapping else PROCESS_SCOPE,
            mapping=mapping if of_mapping else None,
            first=number,
            last=number,
            now=now,
            was=was,
            kind=kind,
            mappings=int(of_mapping),
            kb=kb,
            pages=max(int(code < len(MECHANISMS)), moved // page_kb),
            address_kb=address_kb,
            sure=sure,
            names=((number, names[row]),) if row in names else (),
            other=None if other == NO_MAPPING else other,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedEntries:
    """Items of mappings in a tick, joined with the snapshots before and after it; columns have shape (n,)."""

    entries: TickEntries
    now: RowIndices
    """Rows of the mappings in the snapshot after the tick, -1 for those that are gone."""
    was: RowIndices
    """Their rows in the snapshot before it, -1 for those that are new."""
    name: StringIds
    kind: NDArray[np.int64]
    kb: NDArray[np.int64]
    """kB moved by a mechanism, or by which the mapping grew or shrank."""
    address_kb: NDArray[np.int64]
    """kB of addresses that went with pages that were unmapped; 0 where it is not known."""

    def select(self, before: NDArray[np.int8], after: NDArray[np.int8]) -> NDArray[np.int8]:
        """Values of the mappings after the tick, or before it if they are gone; 0 where a column is empty."""
        values = np.zeros(len(self.name), np.int8)
        for column, rows in ((before, self.was), (after, self.now)):
            known = np.flatnonzero((rows >= 0) & (rows < len(column)))
            values[known] = column[rows[known]]
        return values

    def take(self, rows: RowIndices) -> "ResolvedEntries":
        """Select items."""
        columns = (self.now[rows], self.was[rows], self.name[rows], self.kind[rows], self.kb[rows])
        return ResolvedEntries(self.entries.take(rows), *columns, self.address_kb[rows])


def resolve_entries(entries: TickEntries, before: MapSnapshot | None, after: MapSnapshot) -> ResolvedEntries:
    """Join the items of mappings with the snapshots before and after the tick."""
    rows_before = np.full(len(entries), -1) if before is None else find_rows(before.ids, entries.mapping)
    rows_after = find_rows(after.ids, entries.mapping)
    name, (size, kind) = np.zeros(len(entries), np.int32), np.zeros((2, len(entries)), np.int64)
    for snapshot, rows in ((before, rows_before), (after, rows_after)):
        if snapshot is not None:
            here, mappings = np.flatnonzero(rows >= 0), snapshot.mappings
            at = rows[here]
            name[here], kind[here] = mappings.name[at], kind_codes(mappings, at)
            size[here] = ((mappings.end[at] - mappings.start[at]) >> np.uint64(10)).astype(np.int64) - size[here]
    is_mechanism = entries.what < len(MECHANISMS)
    is_split = np.isin(entries.mapping, entries.other[entries.other != NO_MAPPING])
    shrank = (entries.what == _UNMAPPED) & ~is_split & (rows_after >= 0) & (-size >= entries.kb)
    return ResolvedEntries(
        entries=entries,
        now=rows_after,
        was=rows_before,
        name=name,
        kind=kind,
        kb=np.where(is_mechanism, entries.kb, np.abs(size)),
        address_kb=np.where(shrank, -size, 0),
    )


def ref_at(snapshot: MapSnapshot | None, row: int) -> MappingRef | None:
    """Name, permissions and addresses of the mapping in a row; `None` for row -1."""
    return ref_of(snapshot.mappings, row) if snapshot is not None and row >= 0 else None
