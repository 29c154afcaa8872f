"""Decode the rows of a recording to the ticks that were recorded."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from smapstop import __version__
from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_stacks import CallStacks
from smapstop.model.events import MECHANISMS, NO_EVENTS, Events, SymbolNames
from smapstop.model.explain.rules import explain, faults_between
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import ExitStatus, Ids, LifecycleEvent, OomKill, OomLimit, ThreadStack, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.proc.columns import ABSENT, Amounts, Counters, Mappings, StringTable
from smapstop.proc.limits import LIMIT_COLUMNS, limits_of_cells
from smapstop.recording.fault_rows import FaultRows, decode_faults
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
_CARRIERS = ("unmap", "shrink")
_ADDRESS_COLUMNS, _TEXT_COLUMNS = MAPPING_COLUMNS[:4], MAPPING_COLUMNS[4:]


@dataclass(frozen=True, slots=True, eq=False)
class TickRows:
    """Rows of one tick in every table."""

    tick: dict[str, Any]
    """Row of `ticks`, by column."""
    attributes: list[TableRow]
    """Rows of `mappings` whose `since` is this tick."""
    events: list[TableRow]
    stacks: list[TableRow]
    faults: FaultRows
    ids: Ids
    """Mapping ids of the rows of `changes`, shape (k,)."""
    fields: tuple[str, ...]
    """Names of their fields."""
    amounts: Amounts
    """Their amounts, shape (len(fields), k)."""


class TickDecoder:
    """Decode ticks from the rows of a recording, in order.

    Events are those recorded, or explained again when another version of smapstop wrote them: the kernel's numbers
    stay, their explanation improves.

    Args:
        tool: Name and version of what wrote the recording.
        page_kb: Page size of the recorded machine, kB.
    """

    def __init__(self, tool: str, page_kb: int) -> None:
        self.next_number = 0
        """Number of the next tick, and of ticks decoded so far."""
        self._is_other_version = tool != f"smapstop {__version__}"
        self._page_kb = page_kb
        self._snapshot: MapSnapshot | None = None
        self._texts = StringTable()
        self._call_stacks = CallStacks()
        self._attributes: dict[int, TableRow] = {}

    def decode(self, rows: TickRows, fields: tuple[str, ...]) -> Tick:
        """Decode the next tick.

        Args:
            rows: Its rows.
            fields: Every field of the recording, in the kernel's order.

        Raises:
            ValueError: The rows are damaged, or not those of the next tick. Damaged values may also raise TypeError,
                KeyError or OverflowError.
        """
        row = rows.tick
        tables = rows.attributes, rows.events, rows.stacks, rows.faults
        checksum = checksum_of(row, *tables, rows.ids, rows.fields, rows.amounts)
        if row["tick"] != self.next_number or row["checksum"] != checksum:
            raise ValueError(f"tick {row['tick']} is damaged")
        self._attributes |= {cells[0]: self._encode_attributes(cells[2:]) for cells in rows.attributes}
        ids, mappings = self._decode_mappings(rows, fields)
        faults = decode_faults(row, rows.faults, self._call_stacks)
        tick = replace(_decode_tick(rows, ids, mappings), faults=faults)
        after = apply_tick(self._snapshot, tick)
        if row["keyframe"] and not row["anew"]:
            tick = replace(tick, keyframe=True, ids=after.ids, rows=after.mappings)
            after = apply_tick(self._snapshot, tick)
        events = (
            self._explain(tick, ids, after, rows) if self._is_other_version else _decode_events(rows, self._page_kb)
        )
        self._snapshot = after
        self.next_number += 1
        return replace(tick, events=events)

    def _encode_attributes(self, cells: TableRow) -> TableRow:
        """Encode the texts of a `mappings` row as codes; `ABSENT` for what the kernel did not print."""
        addresses, texts, amounts = cells[:4], cells[4 : len(MAPPING_COLUMNS)], cells[len(MAPPING_COLUMNS) :]
        codes = (self._texts.intern(str(text)) for text in texts)
        return (*map(to_unsigned, addresses), *codes, *(ABSENT if kb is None else kb for kb in amounts))

    def _decode_mappings(self, rows: TickRows, fields: tuple[str, ...]) -> tuple[Ids, Mappings]:
        """Decode the mappings that changed, in address order, and their ids."""
        known = [self._attributes[mapping] for mapping in rows.ids.tolist()]
        columns = list(zip(*known, strict=True)) if known else [()] * (len(MAPPING_COLUMNS) + len(ATTRIBUTE_FIELDS))
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
        """Explain a tick with the current rules, and add the recorded symbol names.

        Args:
            tick: The tick to explain.
            ids: Ids of the mappings that changed.
            after: The map after the tick.
            rows: The recorded rows of the tick.
        """
        before = self._snapshot
        if before is None or tick.executed or tick.tier != "smaps" or tick.missing or tick.ending is not None:
            return NO_EVENTS
        if tick.torn or before.reading_tick.torn or not len(before.ids):
            return NO_EVENTS
        faults = faults_between(before.reading_tick.counters, tick.counters)
        moved = np.concatenate([ids, tick.gone])
        old, new = find_rows(before.ids, moved), find_rows(after.ids, moved)
        events = explain(before.mappings, old, after.mappings, new, moved, faults, self._page_kb)
        names = {mapping: _decode_names(listed) for _, mapping, *_, listed in rows.events if listed is not None}
        return events.with_names(names) if names else events


def _decode_tick(rows: TickRows, ids: Ids, mappings: Mappings) -> Tick:
    """Decode a tick without its events; a keyframe when its rows are the whole map."""
    row = rows.tick
    lineage = tuple(_decode_lineage(rows))
    times = {name: row[name] for name in ("monotonic_ns", "wall_ns", "read_ns", "cpu_ns", "interval_ns")}
    return Tick(
        **times,
        number=row["tick"],
        smaps_interval_ns=row["smaps_interval_ns"],
        counters=_decode_counters(row),
        tier=row["tier"],
        totals={name: kb for name, kb in row.items() if kb is not None and name not in _NOT_TOTALS},
        keyframe=bool(row["anew"]),
        ids=ids,
        rows=mappings,
        gone=np.array([event.mapping for event in lineage if event.what in ("unmap", "merge")], np.int64),
        lineage=lineage,
        stacks=tuple(ThreadStack(*stack) for _, *stack in rows.stacks),
        torn=bool(row["torn"]),
        executed=bool(row["executed"]),
        ending=_decode_ending(row) if row["ended"] else None,
        limits=limits_of_cells({name: row.get(name) for name in LIMIT_COLUMNS}),
        missing=row["missing"],
    )


def _decode_ending(row: dict[str, Any]) -> ExitStatus:
    """Decode how the process ended; older recordings have no columns for the OOM killer."""
    limit_bytes, sure = row.get("oom_limit_bytes"), row.get("oom_sure")
    limit = None if limit_bytes is None else OomLimit(int(limit_bytes), str(row["oom_cgroup"]))
    oom = None if sure is None else OomKill(bool(sure), limit)
    return ExitStatus(row["exit_status"], row["exit_signal"], bool(row["zombie"]), oom)


_NOT_TOTALS = frozenset((*TICK_COLUMNS, *COUNTERS.values()))


def _decode_counters(row: dict[str, Any]) -> Counters:
    """Decode the counters of a tick."""
    counters = {name: row[column] for name, column in COUNTERS.items() if column in row}  # older ones have fewer
    return Counters(**counters | {"image": to_unsigned(counters["image"])})


def _decode_lineage(rows: TickRows) -> Iterator[LifecycleEvent]:
    """Decode the lifecycle events of mappings."""
    for _, mapping, what, _, _, other, _ in rows.events:
        if mapping is not None and what not in _MECHANISM_CODES:
            yield LifecycleEvent(what, mapping, other)


def _decode_events(rows: TickRows, page_kb: int) -> Events:
    """Decode the mechanisms as they were recorded; amounts of `unmap` and `shrink` are pages that were unmapped."""
    carried = [row for row in rows.events if row[2] in _CARRIERS and row[3]]
    mechanisms = [row for row in rows.events if row[2] in _MECHANISM_CODES]
    if carried:
        mechanisms += [(*row[:2], "unmapped", *row[3:]) for row in carried]
        mechanisms.sort(key=lambda row: (row[1], _MECHANISM_CODES[row[2]]))  # as `explain` does
    if not mechanisms:
        return NO_EVENTS
    _, mapping, what, kb, sure, _, symbols = zip(*mechanisms, strict=True)
    return Events(
        np.array(mapping, np.int64),
        np.array([_MECHANISM_CODES[name] for name in what], np.int8),
        np.array(kb, np.int64),
        np.array(sure, bool),
        page_kb,
        tuple((row, _decode_names(listed)) for row, listed in enumerate(symbols) if listed is not None),
    )


def _decode_names(listed: str) -> SymbolNames:
    """Decode the names in a cell of `symbols`."""
    return tuple(json.loads(listed))
