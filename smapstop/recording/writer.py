"""Write a recording: one transaction per tick, so that a crash loses at most the last tick."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smapstop import __version__
from smapstop.errors import SmapstopError
from smapstop.model.family.reading import FamilyReading
from smapstop.model.mapping_rows import ATTRIBUTE_COLUMNS as COMPARED
from smapstop.model.mapping_rows import find_rows, rows_differ
from smapstop.model.marks import Mark
from smapstop.model.protocol import Target
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.stat import PAGE_KB
from smapstop.recording import schema
from smapstop.recording.encode import attribute_rows, change_columns, event_rows, stack_rows, tick_row
from smapstop.recording.family_rows import FamilyEncoder
from smapstop.recording.fault_rows import FaultEncoder
from smapstop.recording.new_file import FILE_SUFFIXES, create_file, remove_files
from smapstop.recording.redaction import Redaction
from smapstop.recording.schema import ATTRIBUTE_FIELDS, MAPPING_COLUMNS, Cell, quote_column


class Recorder:
    """Write one recording. What was written is on disk when a method returns.

    Args:
        path: The file. It is created readable by its owner only: it will contain command lines and paths.
        overwrite: Replace an existing file.
        redaction: Replaces names; None to record them.
        imported_page_kb: Page size of the machine from which the ticks were imported, kB; None: they are of this one.

    Raises:
        SmapstopError: The file exists already, is being written, or cannot be created.
    """

    def __init__(
        self,
        path: Path,
        *,
        overwrite: bool = False,
        redaction: Redaction | None = None,
        imported_page_kb: int | None = None,
    ) -> None:
        self.path = path
        self._redaction = redaction
        self.tick_count = 0
        """Number of ticks written."""
        self._snapshot: MapSnapshot | None = None
        self._fields: list[str] = []
        self._fault_encoder = FaultEncoder()
        self._family = FamilyEncoder()
        self._file = create_file(path, overwrite=overwrite)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        with self._transaction():
            schema.create_tables(self._database)
            self._write_meta(
                tool=f"smapstop {__version__}",
                kernel=os.uname().release if imported_page_kb is None else None,
                page_kb=imported_page_kb or PAGE_KB,
                created_ns=time.time_ns(),
            )
            if redaction is not None:
                self._write_meta(redaction=redaction.token)
        # only now: the file header, by which readers recognise a recording, must not be in the log
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")  # a tick survives a power cut
        self._columns = {table: set(schema.columns_of(self._database, table)) for table in ("ticks", "changes")}

    @property
    def size_bytes(self) -> int:
        """Current size on disk, bytes."""
        total = 0
        for suffix in FILE_SUFFIXES[:2]:
            with suppress(OSError):
                total += os.stat(f"{self.path}{suffix}").st_size
        return total

    def write(self, message: Target | Tick | FamilyReading) -> None:
        """Write a message of a source: the target, the next tick, or the next reading of its family.

        Raises:
            SmapstopError: It cannot be written; the ticks before it are safe.
        """
        match message:
            case Target():
                self.write_target(message)
            case Tick():
                self.write_ticks(message)
            case FamilyReading():
                self.write_family(message)

    def write_target(self, target: Target) -> None:
        """Write the target.

        Raises:
            SmapstopError: It cannot be written.
        """
        if self._redaction is not None:
            target = self._redaction.redact_target(target)
        with self._transaction():
            here = asdict(replace(target, remote_host=None))  # None is skipped
            self._write_meta(**here | {"command_line": json.dumps(target.command_line)})
            if target.remote_host is not None:
                self._write_meta(**asdict(target.remote_host))

    def write_ticks(self, *ticks: Tick) -> None:
        """Write the next tick, or several in one transaction.

        Raises:
            SmapstopError: They cannot be written; the ticks before them are safe.
        """
        with self._transaction():
            for tick in ticks:
                redacted = tick if self._redaction is None else self._redaction.redact_tick(tick)
                self._insert_tick(redacted)
                self._snapshot = apply_tick(self._snapshot, redacted)
        self.tick_count += len(ticks)

    def write_marks(self, *marks: Mark) -> None:
        """Write marks; one with the letter of an earlier one replaces it.

        Raises:
            SmapstopError: They cannot be written.
        """
        with self._transaction():
            self._insert_rows(
                "marks", schema.MARK_COLUMNS, [(mark.letter, mark.tick, mark.mapping) for mark in marks]
            )

    def remove_mark(self, letter: str) -> None:
        """Remove the mark of a letter, if there is one.

        Raises:
            SmapstopError: It cannot be removed.
        """
        with self._transaction():
            self._database.execute("DELETE FROM marks WHERE letter = ?", (letter,))

    def write_family(self, *readings: FamilyReading) -> None:
        """Write the next reading of the family, or several in one transaction; what did not change takes no space.

        Raises:
            SmapstopError: They cannot be written.
        """
        with self._transaction():
            for reading in readings:
                redacted = reading if self._redaction is None else self._redaction.redact_family(reading)
                for (table, columns), rows in zip(
                    schema.FAMILY_TABLES.items(), self._family.encode(redacted), strict=True
                ):
                    self._insert_rows(table, columns, rows)

    def close(self, why: str) -> None:
        """End the recording with a stop reason, as a single file unless it is being read.

        A recording without a tick is removed.
        """
        if not self.tick_count:
            self._discard()
            return
        if self._redaction is not None:
            why = self._redaction.redact_reason(why)
        with suppress(SmapstopError), self._transaction():
            self._write_meta(stopped=why, stopped_ns=time.time_ns())
        with suppress(sqlite3.Error):
            self._database.execute("PRAGMA journal_mode = DELETE")
        self._database.close()
        os.close(self._file)

    def _discard(self) -> None:
        """Close and remove the files."""
        self._database.close()
        os.close(self._file)
        remove_files(self.path)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit all statements inside, or roll them back."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            kept = f"the {self.tick_count} ticks before that are saved" if self.tick_count else "nothing was recorded"
            raise SmapstopError(f"cannot write {str(self.path)!r}: {error}", kept) from error

    def _write_meta(self, **facts: Cell) -> None:
        """Write facts to `meta`; None is skipped."""
        rows = [(key, value) for key, value in facts.items() if value is not None]
        self._insert_rows("meta", ("key", "value"), rows)

    def _insert_rows(self, table: str, columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
        """Insert rows into a table."""
        names = tuple(columns)
        marks = ", ".join("?" * len(names))
        self._database.executemany(
            f"INSERT OR REPLACE INTO {table} ({', '.join(map(quote_column, names))}) VALUES ({marks})",
            ([schema.to_cell(value) for value in row] for row in rows),
        )

    def _insert_tick(self, tick: Tick) -> None:
        """Insert the rows of a tick into every table."""
        selected, is_full = self._unwritten_rows(tick)
        ids, rows = tick.ids[selected], tick.rows.take(selected)
        at = self._rows_with_new_attributes(ids, rows)
        attributes, events, stacks = (
            attribute_rows(tick.number, ids[at], rows.take(at)),
            event_rows(tick),
            stack_rows(tick),
        )
        names, amounts = change_columns(rows)
        self._write_field_order(rows.fields)
        row = tick_row(tick, is_full=is_full)
        faults = self._fault_encoder.encode(tick.number, tick.faults)
        row["checksum"] = schema.checksum_of(row, attributes, events, stacks, faults, ids, names, amounts)
        self._insert_rows("mappings", ("mapping", "since", *MAPPING_COLUMNS, *ATTRIBUTE_FIELDS), attributes)
        coded = ((number, mapping, schema.EVENT_CODES[what], *rest) for number, mapping, what, *rest in events)
        self._insert_rows("happened", schema.EVENT_COLUMNS, coded)
        self._insert_rows("stacks", schema.STACK_COLUMNS, stacks)
        for (table, columns), fault_rows in zip(schema.FAULT_TABLES.items(), faults, strict=True):
            self._insert_rows(table, columns, fault_rows)
        self._add_columns("changes", names)
        self._insert_changes(tick.number, ids, names, amounts)
        self._add_columns("ticks", row)
        self._insert_rows("ticks", row, [row.values()])

    def _unwritten_rows(self, tick: Tick) -> tuple[NDArray[np.intp], bool]:
        """Rows of a tick that differ from what was written, and whether they are the whole map."""
        every, before = np.arange(len(tick.ids)), self._snapshot
        if not tick.keyframe:
            return every, False
        if before is None or tick.executed or before.mappings.strings is not tick.rows.strings:
            return every, True
        vanished = before.ids[~np.isin(before.ids, tick.ids)]
        if not np.array_equal(np.sort(vanished), np.sort(tick.gone)):
            return every, True
        return every[_changed_rows(before, tick.ids, tick.rows, rows_differ)], False

    def _rows_with_new_attributes(self, ids: Ids, rows: Mappings) -> NDArray[np.intp]:
        """Rows of mappings that are new or have new attributes."""
        if self._snapshot is None or self._snapshot.mappings.strings is not rows.strings:
            return np.arange(len(ids))
        return np.flatnonzero(_changed_rows(self._snapshot, ids, rows, _attributes_differ))

    def _write_field_order(self, printed: tuple[str, ...]) -> None:
        """Record the order in which the kernel prints its fields; fields that appear later come last."""
        new = [name for name in printed if name not in self._fields]
        if new:
            self._fields += new
            self._write_meta(fields=" ".join(self._fields))

    def _insert_changes(self, number: int, ids: Ids, names: list[str], amounts: NDArray[np.int64]) -> None:
        """Insert rows into `changes`, most rows of a recording: `ABSENT` becomes NULL in SQL, which is fast."""
        columns = ", ".join(map(quote_column, ("tick", "mapping", *names)))
        marks = ", ".join(["?", "?", *[f"nullif(?, {ABSENT})"] * len(names)])
        self._database.executemany(
            f"INSERT INTO changes ({columns}) VALUES ({marks})",
            zip([number] * len(ids), ids.tolist(), *amounts.tolist(), strict=True),
        )

    def _add_columns(self, table: str, names: Iterable[str]) -> None:
        """Add columns for fields that the kernel had not printed before."""
        for name in names:
            if name not in self._columns[table]:
                self._database.execute(f"ALTER TABLE {table} ADD COLUMN {quote_column(name)} INTEGER")
                self._columns[table].add(name)


RowComparison = Callable[[Mappings, NDArray[np.intp], Mappings, NDArray[np.intp]], NDArray[np.bool_]]


def _changed_rows(before: MapSnapshot, ids: Ids, rows: Mappings, differ: RowComparison) -> NDArray[np.bool_]:
    """Mask of rows that are new or differ from a snapshot, shape (len(ids),)."""
    old = find_rows(before.ids, ids)
    known = np.flatnonzero(old >= 0)
    changed = np.ones(len(ids), bool)
    changed[known] = differ(before.mappings, old[known], rows, known)
    return changed


def _attributes_differ(a: Mappings, i: NDArray[np.intp], b: Mappings, j: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mask of rows that differ in a column of `mappings`."""
    out = np.zeros(len(i), bool)
    for name in COMPARED:
        out |= getattr(a, name)[i] != getattr(b, name)[j]
    for name in ATTRIBUTE_FIELDS:
        x, y = a.get(name), b.get(name)
        if x is not None or y is not None:
            out |= x is None or y is None or x[i] != y[j]
    return out
