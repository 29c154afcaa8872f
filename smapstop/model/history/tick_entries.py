"""What happened in one tick: the one derivation, in columns; only what is shown becomes Python objects."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import MECHANISMS, SymbolNames
from smapstop.model.history.log_entry import (
    EVENT_CODES,
    EVENT_KINDS,
    PROCESS_SCOPE,
    LogEntry,
    MappingRef,
    ProcessNote,
    ref_of,
)
from smapstop.model.kinds import Kind, classify_texts, kind_of
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import StringIds

NO_MAPPING = -1
"""No mapping: the process, or nobody else."""
RowIndices = NDArray[np.intp]
KINDS = list(Kind)


@dataclass(frozen=True, slots=True, eq=False)
class TickEntries:
    """Everything that happened in a tick: the mechanisms, the steps of mappings, the notes on the process.

    The columns have shape (n,).
    """

    number: int
    """Of the tick."""
    page_kb: int
    what: NDArray[np.signedinteger[Any]]
    """Codes of `EVENT_KINDS`."""
    mapping: Ids
    """The mapping it happened to, or `NO_MAPPING`."""
    other: Ids
    """The mapping split from, or merged into, or `NO_MAPPING`."""
    kb: NDArray[np.int64]
    """How much a mechanism moved; 0 of what is none."""
    sure: NDArray[np.bool_]
    names: tuple[tuple[int, SymbolNames], ...]
    """See `Events.names`."""

    def __len__(self) -> int:
        return len(self.what)

    def __iter__(self) -> Iterator[LogEntry]:
        """Each as an entry of its own, which does not know what the mapping is."""
        return _iterate_entries(self, self.kb, repeat((None, None, None)))

    def take(self, rows: RowIndices) -> "TickEntries":
        """Some of them, in the order of `rows`."""
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
        """Those of one mapping: the mechanisms, the biggest first, then its steps."""
        rows = np.flatnonzero(self.mapping == mapping)
        return self.take(rows if len(rows) < 2 else rows[np.argsort(-self.kb[rows], kind="stable")])

    def of_mappings(self) -> "TickEntries":
        """Those of all mappings."""
        rows = np.flatnonzero(self.mapping != NO_MAPPING)
        return self if len(rows) == len(self) else self.take(rows)

    def of_process(self) -> "TickEntries":
        """Those of the process as a whole, and of the reading of it."""
        return self.take(np.flatnonzero(self.mapping == NO_MAPPING))


@lru_cache(1)  # each row of the table asks what happened to it in the tick that changed them all
def tick_entries(tick: Tick) -> TickEntries:
    """Everything that happened in a tick; whoever shows, exports or records it only formats this."""
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
    """What happened to the process as a whole, and to the reading of it."""
    noted: dict[ProcessNote, object] = {
        "missing": tick.missing,
        "torn": tick.torn,
        "exec": tick.executed,
        "end": tick.ending,
    }
    return [note for note, it in noted.items() if it]


# with what is known of the mappings


def single_entries(entries: TickEntries, before: MapSnapshot | None, after: MapSnapshot) -> list[LogEntry]:
    """Everything that happened in a tick, each thing an entry of its own, which knows what the mapping is.

    Args:
        entries: What happened.
        before: The moment before the tick; None when it is not known.
        after: The moment that the tick made.
    """
    placed = resolve_entries(entries.of_mappings(), before, after)
    columns = (column.tolist() for column in (placed.now, placed.was, placed.kind))
    known = ((ref_at(after, now), ref_at(before, was), KINDS[kind]) for now, was, kind in zip(*columns, strict=True))
    return [*_iterate_entries(placed.entries, placed.kb, known), *entries.of_process()]


_ResolvedMapping = tuple[MappingRef | None, MappingRef | None, Kind | None]
"""What a mapping is known by after the tick and before it, and its kind."""


def _iterate_entries(
    entries: TickEntries, amounts: NDArray[np.int64], known: Iterable[_ResolvedMapping]
) -> Iterator[LogEntry]:
    """Each thing that happened as an entry of its own."""
    number, page_kb, names = entries.number, entries.page_kb, dict(entries.names)
    columns = (column.tolist() for column in (entries.what, entries.mapping, entries.other, amounts, entries.sure))
    rows = zip(zip(*columns, strict=True), known, strict=False)  # where nothing is known there is no end of it
    for row, ((code, mapping, other, kb, sure), (now, was, kind)) in enumerate(rows):
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
            pages=max(1, kb // page_kb) if code < len(MECHANISMS) else 0,
            sure=sure,
            names=((number, names[row]),) if row in names else (),
            other=None if other == NO_MAPPING else other,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedEntries:
    """What happened to mappings in a tick, with what is known of them; each column has shape (n,)."""

    entries: TickEntries
    now: RowIndices
    """Rows of the mappings after the tick, -1 for those that are gone."""
    was: RowIndices
    """Their rows before it, -1 for those that are new."""
    name: StringIds
    kind: NDArray[np.int64]
    kb: NDArray[np.int64]
    """How much a mechanism moved, or by how much the mapping grew or shrank."""

    def take(self, rows: RowIndices) -> "ResolvedEntries":
        """Some of them."""
        columns = (self.now[rows], self.was[rows], self.name[rows], self.kind[rows], self.kb[rows])
        return ResolvedEntries(self.entries.take(rows), *columns)


def resolve_entries(entries: TickEntries, before: MapSnapshot | None, after: MapSnapshot) -> ResolvedEntries:
    """What happened to mappings, with what is known of them."""
    rows_before = np.full(len(entries), -1) if before is None else find_rows(before.ids, entries.mapping)
    rows_after = find_rows(after.ids, entries.mapping)
    name, size = np.zeros(len(entries), np.int32), np.zeros(len(entries), np.int64)
    for moment, rows in ((before, rows_before), (after, rows_after)):
        if moment is not None:
            here, of = np.flatnonzero(rows >= 0), moment.mappings
            at = rows[here]
            name[here] = of.name[at]
            size[here] = ((of.end[at] - of.start[at]) >> np.uint64(10)).astype(np.int64) - size[here]
    kind = classify_texts(after.mappings.strings, name, lambda text: KINDS.index(kind_of(text)))
    is_mechanism = entries.what < len(MECHANISMS)
    return ResolvedEntries(
        entries=entries,
        now=rows_after,
        was=rows_before,
        name=name,
        kind=kind.astype(np.int64),
        kb=np.where(is_mechanism, entries.kb, np.abs(size)),
    )


def ref_at(moment: MapSnapshot | None, row: int) -> MappingRef | None:
    """What the mapping in a row is known by; None for row -1."""
    return ref_of(moment.mappings, row) if moment is not None and row >= 0 else None
