"""Readings of a family as rows of the tables of a recording, and back."""

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from smapstop.model.family.changes import FamilyChanges
from smapstop.model.family.reading import FAMILY_FIELDS, FamilyMember, FamilyReading
from smapstop.model.family.tree import place_members
from smapstop.model.timestamps import format_utc
from smapstop.proc.columns import ABSENT
from smapstop.recording.schema import (
    MEMBER_COLUMNS,
    MEMBER_READING_COLUMNS,
    READING_COLUMNS,
    TableRow,
    columns_of,
    from_cell,
)

_FACTS = MEMBER_READING_COLUMNS.index("ppid")
"""Where the cells of `member_readings` begin that a member that is gone does not have."""


class FamilyRows(NamedTuple):
    """Rows of a reading in each table."""

    readings: list[TableRow]
    """Its row; none if it has nothing new."""
    members: list[TableRow]
    member_readings: list[TableRow]


class FamilyEncoder:
    """Encode the readings of the family, in order. They get numbers of their own, without gaps."""

    def __init__(self) -> None:
        self._changes = FamilyChanges()
        self._next_number = 0

    def encode(self, reading: FamilyReading) -> FamilyRows:
        """Encode what is new in the next reading."""
        change = self._changes.update(reading)
        if not change:
            return FamilyRows([], [], [])
        number, missing = self._next_number, dict(reading.missing)
        self._next_number += 1
        members = [
            (*member.key, number, member.name, json.dumps(member.command_line), member.executable)
            for member in sorted(change.new, key=lambda each: each.key)
        ]
        rows: list[TableRow] = [
            (number, *key, *[None] * (len(MEMBER_READING_COLUMNS) - _FACTS)) for key in change.gone
        ]
        for row in change.rows:
            pid, amounts = int(reading.pids[row]), reading.amounts[:, row].tolist()
            facts = int(reading.ppids[row]), reading.states[row], int(reading.read_ns[row]), missing.get(pid)
            cells = (None if amount == ABSENT else amount for amount in amounts)
            rows.append((number, pid, int(reading.start_times[row]), *facts, *cells))
        rows.sort(key=lambda each: each[:3])
        at = format_utc(reading.wall_ns, "milliseconds")
        head = (number, at, reading.wall_ns, reading.monotonic_ns, reading.cost_ns)
        return FamilyRows([(*head, _checksum_of(head, members, rows))], members, rows)


class FamilyDecoder:
    """Decode the readings of a recording, in order, each with all members that are there."""

    def __init__(self) -> None:
        self.next_number = 0
        """Number of the next reading."""
        self._members: dict[tuple[int, int], FamilyMember] = {}
        self._rows: dict[tuple[int, int], TableRow] = {}
        """The last row of each member that is there."""

    def read(self, database: sqlite3.Connection) -> Iterator[FamilyReading]:
        """Read the readings not read yet.

        Raises:
            ValueError: The rows are damaged. Damaged values may also raise TypeError, KeyError or OverflowError.
        """
        if not columns_of(database, "readings"):
            return
        heads = _select(database, "readings", READING_COLUMNS, "reading", self.next_number)
        take_members = _taker(
            _select(database, "members", MEMBER_COLUMNS, "since", self.next_number), MEMBER_COLUMNS.index("since")
        )
        take_rows = _taker(
            _select(database, "member_readings", MEMBER_READING_COLUMNS, "reading", self.next_number), 0
        )
        for head in heads:
            yield self._decode(head, take_members(head[0]), take_rows(head[0]))

    def _decode(self, head: TableRow, members: list[TableRow], rows: list[TableRow]) -> FamilyReading:
        """Decode the next reading."""
        if head[0] != self.next_number or head[-1] != _checksum_of(head[:-1], members, rows):
            raise ValueError(f"reading {head[0]} is damaged")
        new = tuple(
            FamilyMember(int(pid), int(start), str(name), tuple(map(str, json.loads(words))), path and str(path))
            for pid, start, _, name, words, path in members
        )
        self._members |= {member.key: member for member in new}
        for row in rows:
            key = row[1], row[2]
            if row[_FACTS] is None:
                del self._rows[key], self._members[key]
            elif key not in self._members or len(row[_FACTS + 1]) != 1:
                raise ValueError(f"reading {head[0]} has a member that is not described")
            else:
                self._rows[key] = row
        self.next_number += 1
        _, _, wall_ns, monotonic_ns, cost_ns, _ = head
        return _reading_of(list(self._rows.values()), new, (int(wall_ns), int(monotonic_ns), int(cost_ns)))


def _reading_of(rows: list[TableRow], new: tuple[FamilyMember, ...], times: tuple[int, int, int]) -> FamilyReading:
    """Reading with the last row of each member, in the order of the tree."""
    places = place_members([row[1] for row in rows], [row[_FACTS] for row in rows], [row[2] for row in rows])
    order = dict.fromkeys([*(place.row for place in places), *range(len(rows))])  # parents may be in a loop
    ordered = [rows[row] for row in order]
    columns: list[tuple[Any, ...]] = list(zip(*ordered, strict=True)) or [()] * len(MEMBER_READING_COLUMNS)
    _, pids, start_times, ppids, states, read_ns, missing, *amounts = columns
    known = [[ABSENT if amount is None else amount for amount in column] for column in amounts]
    return FamilyReading(
        *times,
        pids=np.array(pids, np.int64),
        ppids=np.array(ppids, np.int64),
        start_times=np.array(start_times, np.int64),
        states="".join(states),
        read_ns=np.array(read_ns, np.int64),
        amounts=np.array(known, np.int64).reshape(len(FAMILY_FIELDS), len(rows)),
        new=new,
        missing=tuple((pid, str(why)) for pid, why in zip(pids, missing, strict=True) if why is not None),
    )


def _select(
    database: sqlite3.Connection, table: str, columns: tuple[str, ...], by: str, first: int
) -> Iterator[TableRow]:
    """Select the rows of a table from a number on, in order."""
    known = columns_of(database, table)  # an older version may have fewer
    cells = ", ".join(name if name in known else f"NULL AS {name}" for name in columns)
    query = f"SELECT {cells} FROM {table} WHERE {by} >= ? ORDER BY {by}, {', '.join(columns[:3])}"
    return (tuple(map(from_cell, row)) for row in database.execute(query, [first]))


def _taker(rows: Iterator[TableRow], column: int) -> Callable[[int], list[TableRow]]:
    """Reader of the rows that have a number in a column, for numbers in order."""
    pending = next(rows, None)

    def take(number: int) -> list[TableRow]:
        nonlocal pending
        taken = []
        while pending is not None and pending[column] == number:
            taken.append(pending)
            pending = next(rows, None)
        return taken

    return take


def _checksum_of(head: TableRow, members: list[TableRow], rows: list[TableRow]) -> int:
    """Checksum of a reading, to detect damage. Unknown amounts do not count: their columns may be added later."""
    known = [
        [(name, cell) for name, cell in zip(MEMBER_READING_COLUMNS, row, strict=True) if cell is not None]
        for row in rows
    ]
    return zlib.crc32(ascii((head, members, known)).encode())
