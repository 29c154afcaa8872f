"""A recording that somebody else made, or damaged: its cells and its bytes are other ones than were written."""

import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from list_source import target
from random_ticks import ticks_of_stream

from smapstop.errors import SmapstopError
from smapstop.model.timeline.map_snapshot import apply_tick
from smapstop.recording import decode
from smapstop.recording.reader import Recording
from smapstop.recording.writer import Recorder

TABLES = ("meta", "ticks", "mappings", "changes", "happened", "whats")
VALUES = (
    None,
    0,
    1,
    -1,
    2**63 - 1,
    -(2**63),
    0.5,
    float("inf"),
    "",
    "x",
    "\x1b[31m",
    b"\xff",
    "smaps",
    "[]",
    "{}",
    "null",
)
EDIT = struct.Struct("<BBHB")
"""Which table, column, row and value; tables after the last stand for a byte of the file."""


def check(data: bytes) -> None:
    """Edit a recording, and read it: all of its ticks, or what is wrong with it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        path = Path(directory, "edited")
        _write_edited_copy(path, data[: len(data) - len(data) % EDIT.size])
        with suppress(SmapstopError):
            _replay(path)


def _replay(path: Path) -> None:
    """Go through a recording, as replaying does."""
    believing = patch.object(decode, "checksum_of", lambda row, *_: row["checksum"])  # they may be made to fit
    with believing, closing(Recording(path)) as recording:
        assert recording.target is None or isinstance(recording.target.pid, int)
        moment = None
        for tick in recording.ticks():
            moment = apply_tick(moment, tick)
        assert isinstance(recording.stop_reason, str)


def _write_edited_copy(path: Path, edits: bytes) -> None:
    """A copy of the recording with other cells, and then other bytes."""
    path.write_bytes(_small_recording())
    places = list(EDIT.iter_unpack(edits))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        for table, column, row, value in places:
            if table < len(TABLES):
                with suppress(sqlite3.Error):
                    _set_cell(database, TABLES[table], column, row, VALUES[value % len(VALUES)])
    raw = bytearray(path.read_bytes())
    for table, column, row, value in places:
        if table >= len(TABLES):
            raw[((table - len(TABLES)) << 24 | column << 16 | row) % len(raw)] = value
    path.write_bytes(raw)


def _set_cell(database: sqlite3.Connection, table: str, column: int, row: int, value: object) -> None:
    """Put another value into a cell."""
    columns = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
    (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    name = columns[column % len(columns)].replace('"', '""')
    where = f"rowid = (SELECT rowid FROM {table} LIMIT 1 OFFSET {row % max(count, 1)})"
    database.execute(f'UPDATE {table} SET "{name}" = ? WHERE {where}', [value])


@cache
def _small_recording() -> bytes:
    """A small recording."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "made")
        recorder = Recorder(path)
        recorder.write_target(target())
        for tick in ticks_of_stream(([_step(number) for number in range(4)], True)):
            recorder.write_ticks(tick)
        recorder.close("stopped")
        return path.read_bytes()


def _step(number: int) -> dict[str, Any]:
    """What happened before a reading, and what is told of it; see random_ticks."""
    return {
        "done": [("map", (number * 4, 3), "rw-p", ["", "/lib/a", "[heap]", "/lib/b"][number], 0), ("touch", (0, 9))],
        "what": ["read", "keyframe", "read", "exec"][number],
        "swap": 4 * number,
        "totals": {"rss": 12, "uss": number},
        "counters": {"name": "program", "minor_faults": 9 * number, "image": 7, "exit_code": None, "vm_hwm": 5},
        "event": ["first-touch", "copy-on-write", None, "swap-out"][number],
        "pages": number + 1,
        "late": number,
        "faulted": [None, [(number, ["a", "b"], 3)], [(-1, [], 2)], None][number],
    }


def seeds() -> Iterator[bytes]:
    """An edit of each column of each table, and some bytes."""
    yield b""
    for table in range(len(TABLES) + 1):
        yield b"".join(EDIT.pack(table, column, column, column) for column in range(4))
