"""Read a recording: the target, and its ticks in order."""

import fcntl
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.model.family.reading import FamilyReading
from smapstop.model.marks import Mark
from smapstop.model.protocol import Target
from smapstop.model.remote_host import RemoteHost
from smapstop.model.tick import Tick
from smapstop.proc.columns import ABSENT
from smapstop.recording import schema
from smapstop.recording.decode import TickDecoder, TickRows
from smapstop.recording.family_rows import FamilyDecoder
from smapstop.recording.fault_rows import FaultRows
from smapstop.recording.schema import (
    APPLICATION_ID,
    ATTRIBUTE_FIELDS,
    FORMAT,
    MAPPING_COLUMNS,
    Cell,
    TableRow,
    quote_column,
)

_DATA_ERRORS = (ValueError, TypeError, KeyError, OverflowError, IndexError, AttributeError)
"""Errors that damaged values cause."""
OLDER_CALLERS = "recorded by a version that did not see them"
"""Why an older recording has no callers of page faults."""
FILE_HEADER_BYTES = 100
"""Bytes of a file that `is_recording` needs."""


def is_recording(head: bytes) -> bool:
    """Whether a file with this beginning is a recording, of any format."""
    return head.startswith(b"SQLite format 3\0") and head[68:72] == APPLICATION_ID.to_bytes(4, "big")


class Recording:
    """A recording opened for reading; it may still be written meanwhile.

    Raises:
        SmapstopError: It cannot be read, is not a recording, is damaged, or was written by a newer smapstop.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with ExitStack() as opening:
            self._file = opening.enter_context(_open_file(path))
            with _convert_errors(path):
                self._database = opening.enter_context(closing(_connect(path)))
                self._require_format()
                self._meta = self._read_meta()
            opening.pop_all()
        self._rows_read = Counter[str]()
        self._family = FamilyDecoder()
        self._decoder = TickDecoder(str(self._meta.get("tool", "")), cast("int", self._meta.get("page_kb", 4)))

    @property
    def target(self) -> Target | None:
        """The recorded process; None when the recorder wrote none.

        Raises:
            SmapstopError: The recording is damaged.
        """
        if "pid" not in self._meta:
            return None
        try:
            facts: dict[str, Any] = {field.name: self._meta.get(field.name) for field in fields(Target)}
            facts["command_line"] = tuple(map(str, json.loads(facts["command_line"])))
            facts |= {name: int(facts[name]) for name in ("pid", "clock_ticks")}
            if "via" in self._meta:
                there = (self._meta["via"], self._meta["kernel"], self._meta["page_kb"])
                facts["remote_host"] = RemoteHost(str(there[0]), str(there[1]), int(cast("int", there[2])))
            facts["missing_callers"] = str(self._meta.get("missing_callers", OLDER_CALLERS))
            facts["started_ns"] = None if facts["started_ns"] is None else int(facts["started_ns"])
            return Target(**facts | {name: bool(facts[name]) for name in ("launched", "stopped_at_exec")})
        except _DATA_ERRORS as error:
            raise _damage_error(self.path, "in its description of the process") from error

    @property
    def tool(self) -> str:
        """Name and version of what wrote it: `smapstop 0.1.0`."""
        return str(self._meta.get("tool", "smapstop"))

    @property
    def kernel(self) -> str:
        """Release of the kernel of the recorded machine; empty if unknown, as of imported texts."""
        return str(self._meta.get("kernel", ""))

    @property
    def redaction_token(self) -> str:
        """Token of the `Redaction` that replaced its names; empty when it is not redacted."""
        return str(self._meta.get("redaction", ""))

    @property
    def stop_reason(self) -> str:
        """Why the recording ended; empty while it is being written, or when its recorder was killed."""
        with _convert_errors(self.path):
            return str(self._read_meta().get("stopped", ""))

    @property
    def is_being_written(self) -> bool:
        """Whether a recorder holds its lock."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return False

    def ticks(self) -> Iterator[Tick]:
        """Read the ticks from the first on; later calls continue after the last one returned.

        Raises:
            SmapstopError: The recording is damaged.
        """
        with _convert_errors(self.path):
            ticks = self._database.execute(
                "SELECT * FROM ticks WHERE tick >= ? ORDER BY tick", [self._decoder.next_number]
            )  # first: while it has rows, all others see the recording as it is now, though it is written meanwhile
            fields = tuple(str(self._read_meta().get("fields", "")).split())
            try:
                for rows in self._tick_rows(ticks, tuple(name for name in fields if name not in ATTRIBUTE_FIELDS)):
                    yield self._decoder.decode(rows, fields)
            except _DATA_ERRORS as error:
                raise _damage_error(self.path, f"at tick {self._decoder.next_number}") from error

    def marks(self) -> tuple[Mark, ...]:
        """Read the marks, in order of time; one may be of a tick that `ticks` did not return yet.

        Raises:
            SmapstopError: The recording is damaged.
        """
        if not schema.columns_of(self._database, "marks"):
            return ()
        with _convert_errors(self.path):
            rows = self._database.execute("SELECT letter, tick, mapping FROM marks ORDER BY tick").fetchall()
        return tuple(Mark(str(letter), tick, mapping) for letter, tick, mapping in rows)

    def family(self) -> Iterator[FamilyReading]:
        """Read the readings of the family from the first on; later calls continue after the last one returned.

        Raises:
            SmapstopError: The recording is damaged.
        """
        with _convert_errors(self.path):
            try:
                yield from self._family.read(self._database)
            except _DATA_ERRORS as error:
                where = f"in its family, at reading {self._family.next_number}"
                raise _damage_error(self.path, where) from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()
        self._file.close()

    def _require_format(self) -> None:
        """Require the format that this version reads.

        Raises:
            SmapstopError: A newer smapstop wrote it.
        """
        (found,) = self._database.execute("PRAGMA user_version").fetchone()
        if found != FORMAT:
            what = f"{str(self.path)!r} has format {found}, and this smapstop reads format {FORMAT}"
            raise SmapstopError(what, "a newer smapstop wrote it: update yours")

    def _read_meta(self) -> dict[str, Cell]:
        """Read the facts in `meta`."""
        return {key: schema.from_cell(value) for key, value in self._database.execute("SELECT key, value FROM meta")}

    def _tick_rows(self, ticks: sqlite3.Cursor, changing: tuple[str, ...]) -> Iterator[TickRows]:
        """Read the rows of each tick not read yet.

        Args:
            ticks: The rows of `ticks`.
            changing: Fields of `changes`.
        """
        amounts = "".join(f", ifnull({quote_column(name)}, {ABSENT})" for name in changing)
        attributes = ", ".join(map(quote_column, ("since", "mapping", *MAPPING_COLUMNS, *ATTRIBUTE_FIELDS)))
        columns = [column[0] for column in ticks.description]
        take_changes = self._row_reader("changes", f"tick, mapping{amounts}")
        take_attributes = self._row_reader("mappings", attributes)
        take_events = self._row_reader(
            "happened", "tick, mapping, what, kb, sure, other, symbols", "JOIN whats USING (code)"
        )
        kept = schema.columns_of(self._database, "stacks")
        stack_columns = ", ".join(name for name in schema.STACK_COLUMNS if name in kept)
        take_stacks = self._row_reader("stacks", stack_columns) if stack_columns else _no_rows
        take_faults = [
            self._row_reader(table, ", ".join(quote_column(name) for name in names if name in kept))
            if (kept := schema.columns_of(self._database, table))
            else _no_rows
            for table, names in schema.FAULT_TABLES.items()
        ]
        for row in ticks:
            number = row[0]
            changes = np.array(take_changes(number), np.int64).reshape(-1, 2 + len(changing))
            yield TickRows(
                tick=dict(zip(columns, map(schema.from_cell, row), strict=True)),
                attributes=[
                    (mapping, number, *map(schema.from_cell, rest)) for _, mapping, *rest in take_attributes(number)
                ],
                events=[tuple(map(schema.from_cell, event)) for event in take_events(number)],
                stacks=[tuple(map(schema.from_cell, stack)) for stack in take_stacks(number)],
                faults=FaultRows(
                    *([tuple(map(schema.from_cell, each)) for each in take(number)] for take in take_faults)
                ),
                ids=changes[:, 1],
                fields=changing,
                amounts=np.ascontiguousarray(changes[:, 2:].T),
            )

    def _row_reader(self, table: str, cells: str, more: str = "") -> Callable[[int], list[TableRow]]:
        """Reader of a table's rows by tick, in order; rows are only ever appended, so a count marks the position."""
        query = f"SELECT {cells} FROM {table} {more} WHERE {table}.rowid > ? ORDER BY {table}.rowid"
        rows: Iterator[TableRow] = iter(self._database.execute(query, [self._rows_read[table]]))
        pending = next(rows, None)

        def take(number: int) -> list[TableRow]:
            nonlocal pending
            taken = []
            while pending is not None and pending[0] == number:
                taken.append(pending)
                pending = next(rows, None)
            self._rows_read[table] += len(taken)
            return taken

        return take


def _no_rows(_number: int) -> list[TableRow]:
    """Rows of a table that the recording does not have."""
    return []


def _open_file(path: Path) -> BinaryIO:
    """Open the file of a recording.

    Raises:
        SmapstopError: It cannot be read, or is not a recording.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        what = f"cannot read {str(path)!r}: {error.strerror}"
        raise SmapstopError(what, "name a file that smapstop record wrote") from error
    if not is_recording(file.read(FILE_HEADER_BYTES)):
        file.close()
        raise SmapstopError(
            f"{str(path)!r} is not a smapstop recording", "create one with smapstop record -p PID -o FILE"
        )
    return file


def _connect(path: Path) -> sqlite3.Connection:
    """Open the database read-only, also in a directory that is not writable, where SQLite cannot create its -shm."""
    database = _open_database(path, "mode=ro")
    try:
        database.execute("SELECT count(*) FROM meta")
    except schema.DATABASE_ERRORS:
        database.close()
        if Path(f"{path}-wal").exists() or os.access(path.parent, os.W_OK):
            raise
        database = _open_database(path, "immutable=1")
    return database


def _open_database(path: Path, how: str) -> sqlite3.Connection:
    """Connect to the database; the caller must not use the connection in two threads at once."""
    name = quote(str(path.absolute()))
    return sqlite3.connect(f"file:{name}?{how}", uri=True, isolation_level=None, check_same_thread=False)


@contextmanager
def _convert_errors(path: Path) -> Iterator[None]:
    """Convert errors of SQLite to a `SmapstopError`, one line."""
    try:
        yield
    except schema.DATABASE_ERRORS as error:
        raise schema.database_error(path, error) from error


def _damage_error(path: Path, where: str) -> SmapstopError:
    """Error for a recording that is damaged at some place."""
    return SmapstopError(f"{str(path)!r} is damaged {where}", "sqlite3's .recover may save part of it")
