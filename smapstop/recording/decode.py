"""The rows of a recording as ticks again, as they were told when it was made."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from smapstop import __version__
from smapstop.model.events import MECHANISMS, NO_EVENTS, Events, SymbolNames
from smapstop.model.explain.rules import Faults, explain
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import ExitStatus, Ids, LifecycleEvent, ThreadStack, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.proc.columns import ABSENT, Amounts, Counters, Mappings, StringTable
from smapstop.recording.schema import (
    ATTRIBUTE_FIELDS,
    COUNTERS,
    MAPPING_COLUMNS,
    TICK_COLUMNS,
    TableRow,
    checksum_of,
    to_unsigned,
)

_MECHANISM_CODES = {what: code for code, what in enumerate(MECHANISMS)}
_ADDRESS_COLUMNS, _TEXT_COLUMNS = MAPPING_COLUMNS[:4], MAPPING_COLUMNS[4:]


@dataclass(frozen=True, slots=True, eq=False)
class TickRows:
    """What the tables say of one tick."""

    tick: dict[str, Any]
    """The row of `ticks`, by column."""
    attributes: list[TableRow]
    """The rows of `mappings` that begin with it."""
    events: list[TableRow]
    stacks: list[TableRow]
    ids: Ids
    """The mappings of the rows of `changes`, shape (k,)."""
    fields: tuple[str, ...]
    """Their fields."""
    amounts: Amounts
    """Shape (len(fields), k)."""


class TickDecoder:
    """Makes ticks of the rows of a recording, one after the other.

    Events are told as they were recorded, or anew when another version of smapstop wrote them: what the kernel said
    stays, what we make of it becomes better.

    Args:
        tool: What wrote the recording.
        page_kb: The size of a page there.
    """

    def __init__(self, tool: str, page_kb: int) -> None:
        self.next_number = 0
        """How many ticks were told: the number of the next one."""
        self._is_other_version = tool != f"smapstop {__version__}"
        self._page_kb = page_kb
        self._snapshot: MapSnapshot | None = None
        self._texts = StringTable()
        self._attributes: dict[int, TableRow] = {}

    def decode(self, rows: TickRows, fields: tuple[str, ...]) -> Tick:
        """The next tick.

        Args:
            fields: Every field of the recording, in the kernel's order.

        Raises:
            ValueError: The rows are not as they were written, or not those of the next tick; so do other errors of
                values that are not what they should be: TypeError, KeyError, OverflowError.
        """
        row = rows.tick
        sound = checksum_of(row, rows.attributes, rows.events, rows.stacks, rows.ids, rows.fields, rows.amounts)
        if row["tick"] != self.next_number or row["checksum"] != sound:
            raise ValueError(f"tick {row['tick']} is damaged")
        self._attributes |= {head[0]: self._encode_attributes(head[2:]) for head in rows.attributes}
        ids, mappings = self._decode_mappings(rows, fields)
        tick = _decode_tick(rows, ids, mappings)
        moment = apply_tick(self._snapshot, tick)
        if row["keyframe"] and not row["anew"]:
            tick = replace(tick, keyframe=True, ids=moment.ids, rows=moment.mappings)
            moment = apply_tick(self._snapshot, tick)
        events = (
            self._explain(tick, ids, moment, rows) if self._is_other_version else _decode_events(rows, self._page_kb)
        )
        self._snapshot = moment
        self.next_number += 1
        return replace(tick, events=events)

    def _encode_attributes(self, head: TableRow) -> TableRow:
        """A head with its texts as codes; what was not printed is `ABSENT`."""
        addresses, texts, amounts = head[:4], head[4 : len(MAPPING_COLUMNS)], head[len(MAPPING_COLUMNS) :]
        codes = (self._texts.intern(str(text)) for text in texts)
        return (*map(to_unsigned, addresses), *codes, *(ABSENT if kb is None else kb for kb in amounts))

    def _decode_mappings(self, rows: TickRows, fields: tuple[str, ...]) -> tuple[Ids, Mappings]:
        """The mappings that changed, in address order, and their ids."""
        heads = [self._attributes[mapping] for mapping in rows.ids.tolist()]
        columns = list(zip(*heads, strict=True)) if heads else [()] * (len(MAPPING_COLUMNS) + len(ATTRIBUTE_FIELDS))
        named = dict(zip((*MAPPING_COLUMNS, *ATTRIBUTE_FIELDS), columns, strict=True))
        absent = np.full(len(rows.ids), ABSENT, np.int64)
        amounts = dict(zip(rows.fields, rows.amounts, strict=True))
        stacked = [
            np.array(named[name], np.int64) if name in ATTRIBUTE_FIELDS else amounts.get(name, absent)
            for name in fields
        ]
        codes = {name: np.array(named[name], np.int32) for name in _TEXT_COLUMNS}
        mappings = Mappings(
            **{name: np.array(named[name], np.uint64) for name in _ADDRESS_COLUMNS},
            perms=codes["perms"],
            device=codes["device"],
            name=codes["name"],
            flags=codes["vm_flags"],
            fields=fields,
            amounts=np.stack(stacked) if stacked else np.zeros((0, len(rows.ids)), np.int64),
            strings=self._texts,
        )
        order = np.argsort(mappings.start, kind="stable")
        return rows.ids[order], mappings.take(order)

    def _explain(self, tick: Tick, ids: Ids, after: MapSnapshot, rows: TickRows) -> Events:
        """The events of a tick by what smapstop knows today, with the names that were recorded.

        Args:
            tick: What is explained.
            ids: The mappings that changed.
            after: The moment that the tick makes.
            rows: What was recorded of it.
        """
        before = self._snapshot
        if before is None or tick.executed or tick.tier != "smaps" or tick.missing or tick.ending is not None:
            return NO_EVENTS
        if tick.torn or before.reading_tick.torn or not len(before.ids):
            return NO_EVENTS
        then, now = before.reading_tick.counters, tick.counters
        faults = Faults(now.minor_faults - then.minor_faults, now.major_faults - then.major_faults)
        old, new = find_rows(before.ids, ids), find_rows(after.ids, ids)
        events = explain(before.mappings, old, after.mappings, new, ids, faults, self._page_kb)
        names = {mapping: _decode_names(listed) for _, mapping, *_, listed in rows.events if listed is not None}
        return events.with_names(names) if names else events


def _decode_tick(rows: TickRows, ids: Ids, mappings: Mappings) -> Tick:
    """A tick but for its events; a keyframe when the map begins anew."""
    row = rows.tick
    lineage = tuple(_decode_lineage(rows))
    told = {name: row[name] for name in ("monotonic_ns", "wall_ns", "read_ns", "cpu_ns", "interval_ns")}
    return Tick(
        **told,
        number=row["tick"],
        smaps_interval_ns=row["smaps_interval_ns"],
        counters=_decode_counters(row),
        tier=row["tier"],
        totals={name: kb for name, kb in row.items() if kb is not None and name not in _NOT_TOTALS},
        keyframe=bool(row["anew"]),
        ids=ids,
        rows=mappings,
        gone=np.array([step.mapping for step in lineage if step.what in ("unmap", "merge")], np.int64),
        lineage=lineage,
        stacks=tuple(ThreadStack(*stack) for _, *stack in rows.stacks),
        torn=bool(row["torn"]),
        executed=bool(row["executed"]),
        ending=ExitStatus(row["exit_status"], row["exit_signal"], bool(row["zombie"])) if row["ended"] else None,
        missing=row["missing"],
    )


_NOT_TOTALS = frozenset((*TICK_COLUMNS, *COUNTERS.values()))


def _decode_counters(row: dict[str, Any]) -> Counters:
    """The counters of a tick."""
    counters = {name: row[column] for name, column in COUNTERS.items()}
    return Counters(**counters | {"image": to_unsigned(counters["image"])})


def _decode_lineage(rows: TickRows) -> Iterator[LifecycleEvent]:
    """What became of mappings."""
    for _, mapping, what, _, _, other, _ in rows.events:
        if mapping is not None and what not in _MECHANISM_CODES:
            yield LifecycleEvent(what, mapping, other)


def _decode_events(rows: TickRows, page_kb: int) -> Events:
    """The mechanisms as they were recorded."""
    found = [row for row in rows.events if row[2] in _MECHANISM_CODES]
    if not found:
        return NO_EVENTS
    _, mapping, what, kb, sure, _, symbols = zip(*found, strict=True)
    return Events(
        np.array(mapping, np.int64),
        np.array([_MECHANISM_CODES[name] for name in what], np.int8),
        np.array(kb, np.int64),
        np.array(sure, bool),
        page_kb,
        tuple((row, _decode_names(listed)) for row, listed in enumerate(symbols) if listed is not None),
    )


def _decode_names(listed: str) -> SymbolNames:
    """The names in a cell of `symbols`."""
    return tuple(json.loads(listed))
