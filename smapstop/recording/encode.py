"""Encode a tick as rows of the tables of a recording."""

import json

from smapstop.model.events import MECHANISMS
from smapstop.model.history.log_entry import EVENT_KINDS, PUBLIC_NAMES
from smapstop.model.history.tick_entries import NO_MAPPING, recorded_entries
from smapstop.model.tick import Ids, OomKill, Tick
from smapstop.model.timestamps import format_utc
from smapstop.proc.columns import ABSENT, Amounts, Mappings
from smapstop.proc.limits import LIMIT_COLUMNS, limit_cells
from smapstop.recording.fault_rows import fault_totals
from smapstop.recording.schema import ATTRIBUTE_FIELDS, COUNTERS, Cell, TableRow, to_signed


def tick_row(tick: Tick, *, is_full: bool) -> dict[str, Cell]:
    """Encode the row of `ticks`, by column, without its checksum."""
    ending = tick.ending
    counters = {column: getattr(tick.counters, name) for name, column in COUNTERS.items()}
    return {
        "tick": tick.number,
        "at": format_utc(tick.wall_ns, "milliseconds"),
        "wall_ns": tick.wall_ns,
        "monotonic_ns": tick.monotonic_ns,
        "read_ns": tick.read_ns,
        "cpu_ns": tick.cpu_ns,
        "interval_ns": tick.interval_ns,
        "smaps_interval_ns": tick.smaps_interval_ns,
        "tier": tick.tier,
        "keyframe": int(tick.keyframe),
        "anew": int(is_full),
        "torn": int(tick.torn),
        "executed": int(tick.executed),
        "missing": tick.missing,
        "ended": int(ending is not None),
        "exit_status": ending.status if ending else None,
        "exit_signal": ending.signal if ending else None,
        "zombie": int(ending is not None and ending.zombie),
        **oom_cells(ending.oom if ending else None),
        **dict(zip(LIMIT_COLUMNS, limit_cells(tick.limits), strict=True)),
        **fault_totals(tick.faults),
        **{column: _to_signed_cell(value) for column, value in counters.items()},
        **tick.totals,
    }


def oom_cells(oom: OomKill | None) -> dict[str, Cell]:
    """Encode what the OOM killer has to do with the end of the process."""
    limit = oom.limit if oom else None
    return {
        "oom_sure": int(oom.sure) if oom else None,
        "oom_limit_bytes": limit.limit_bytes if limit else None,
        "oom_cgroup": limit.path if limit else None,
    }


def _to_signed_cell(value: Cell) -> Cell:
    """Convert a counter to SQLite's signed integers; one counter is an address."""
    return to_signed([value])[0] if isinstance(value, int) else value


def attribute_rows(number: int, ids: Ids, rows: Mappings) -> list[TableRow]:
    """Encode the rows of `mappings` for mappings that are new, or have new attributes, since a tick."""
    addresses = (to_signed(column.tolist()) for column in (rows.start, rows.end, rows.offset, rows.inode))
    coded = (rows.perms, rows.device, rows.name, rows.flags)
    texts = (map(rows.strings.__getitem__, column.tolist()) for column in coded)
    amounts = (_to_cells(rows.get(name), len(ids)) for name in ATTRIBUTE_FIELDS)
    return list(zip(ids.tolist(), [number] * len(ids), *addresses, *texts, *amounts, strict=True))


def _to_cells(column: Amounts | None, count: int) -> list[int | None]:
    """Convert a column to cells; None for what the kernel did not print."""
    return [None] * count if column is None else [None if kb == ABSENT else kb for kb in column.tolist()]


def change_columns(rows: Mappings) -> tuple[list[str], Amounts]:
    """Fields that are columns of `changes`, and their amounts, shape (fields, mappings)."""
    at = [i for i, name in enumerate(rows.fields) if name not in ATTRIBUTE_FIELDS]
    return [rows.fields[i] for i in at], rows.amounts[at]


def event_rows(tick: Tick) -> list[TableRow]:
    """Encode the rows of `happened`, with names for codes: mechanisms, lifecycle of mappings, exec and exit.

    Pages that were unmapped are an amount of the mapping's `unmap` or `shrink`.
    """
    entries = recorded_entries(tick)
    columns = (entries.what, entries.mapping, entries.other, entries.kb, entries.sure)
    symbols = {row: json.dumps(names) for row, names in entries.names}
    rows: list[TableRow] = []
    for row, (code, mapping, other, kb, sure) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        what = EVENT_KINDS[code]
        if what not in _NOTED_IN_TICKS:
            amount = kb if kb or code < len(MECHANISMS) else None
            cells = (PUBLIC_NAMES.get(what, what), amount, int(sure), _mapping_cell(other), symbols.get(row))
            rows.append((tick.number, _mapping_cell(mapping), *cells))
    return rows


_NOTED_IN_TICKS = ("torn", "missing")
"""Events that are columns of `ticks` instead."""


def _mapping_cell(mapping: int) -> int | None:
    """Convert a mapping id to a cell."""
    return None if mapping == NO_MAPPING else mapping


def stack_rows(tick: Tick) -> list[TableRow]:
    """Encode the rows of `stacks`: changes of thread stacks."""
    return [(tick.number, stack.mapping, stack.tid, stack.name, stack.threads) for stack in tick.stacks]
