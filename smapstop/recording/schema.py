"""Tables of a recording (SQLite), described in the guide (recordings); the only place that names their columns.

A column for a kernel field is added when the kernel first prints it, so there are only those that this kernel has.
NULL is what was not printed or could not be read. Amounts are kB.
"""

import re
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from smapstop.errors import SmapstopError
from smapstop.model.events import MECHANISMS
from smapstop.model.family.reading import FAMILY_FIELDS
from smapstop.model.tick import LifecycleKind
from smapstop.proc.columns import ABSENT, Amounts, Counters
from smapstop.proc.fields import MAPPING_ONLY
from smapstop.proc.limits import LIMIT_COLUMNS

FORMAT = 1
"""Version of this layout (PRAGMA user_version); a reader rejects any other."""
APPLICATION_ID = 0x736D6170
"""Distinguishes a recording from other SQLite files (PRAGMA application_id): "smap"."""

ATTRIBUTE_FIELDS = MAPPING_ONLY
"""Fields that describe a mapping rather than its contents: columns of `mappings`, which has few rows."""
MAPPING_COLUMNS = ("start", "end", "offset", "inode", "perms", "device", "name", "vm_flags")
"""Columns of `mappings` that are not fields."""

FAULT_PREFIX = "faults_"
FAULT_TOTALS = ("minor", "major", "seen", "lost", "in_system_calls")
"""Fields of `PageFaults` that are columns of `ticks`, with this prefix."""
TICK_COLUMNS = (
    *("tick", "at", "wall_ns", "monotonic_ns", "read_ns", "cpu_ns", "interval_ns", "smaps_interval_ns", "tier"),
    *("keyframe", "anew", "torn", "executed", "missing", "ended", "exit_status", "exit_signal", "zombie", "checksum"),
    *("oom_sure", "oom_limit_bytes", "oom_cgroup"),
    *LIMIT_COLUMNS,
    *(f"{FAULT_PREFIX}{name}" for name in FAULT_TOTALS),
)
"""Columns of `ticks` that are neither counters nor totals; older recordings lack those of the last three lines."""
_RENAMED = {"name": "comm", "rss": "statm_rss"}
_RENAMED |= {name: f"status_{name}" for name in ("rss_anon", "rss_file", "rss_shmem")}
COUNTERS = {field.name: _RENAMED.get(field.name, field.name) for field in fields(Counters)}
"""Columns of `ticks` for the counters; where a counter and a total share a name, the total has it."""
EVENT_COLUMNS = ("tick", "mapping", "code", "kb", "sure", "other", "symbols")
"""Columns of `happened`; users query the view `events`."""
FAULT_TABLES = {
    "faults": ("tick", "mapping", "stack", "faults"),
    "call_stacks": ("tick", "stack", "caller", "frame", "function"),
    "frames": ("tick", "frame", "name", "file", "offset", "source", "inlined"),
}
"""Tables of page faults, which older recordings do not have, or not all of their columns; users query the view
`callers`."""
STACK_COLUMNS = ("tick", "mapping", "tid", "name", "threads")
"""Columns of `stacks`, a table that older recordings may not have, or not all of it."""
MARK_COLUMNS = ("letter", "tick", "mapping")
"""Columns of `marks`, a table that older recordings do not have."""
READING_COLUMNS = ("reading", "at", "wall_ns", "monotonic_ns", "cost_ns", "checksum")
"""Columns of `readings` of the family, a table that older recordings do not have, like the next two."""
MEMBER_COLUMNS = ("pid", "start_time", "since", "name", "command_line", "executable")
"""Columns of `members`."""
MEMBER_READING_COLUMNS = ("reading", "pid", "start_time", "ppid", "state", "read_ns", "missing", *FAMILY_FIELDS)
"""Columns of `member_readings`; users query the view `family`."""
FAMILY_TABLES = {"readings": READING_COLUMNS, "members": MEMBER_COLUMNS, "member_readings": MEMBER_READING_COLUMNS}
"""Tables of the family, in the order in which they are written."""
EVENT_CODES = {what: code for code, what in enumerate((*MECHANISMS, *get_args(LifecycleKind), "exec", "exit"), 1)}
"""Codes of events in recordings written now; each recording has its own table of codes (`whats`)."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value);
CREATE TABLE ticks (
  tick INTEGER PRIMARY KEY, at TEXT NOT NULL, wall_ns INTEGER NOT NULL, monotonic_ns INTEGER NOT NULL,
  read_ns INTEGER NOT NULL, cpu_ns INTEGER NOT NULL, interval_ns INTEGER NOT NULL, smaps_interval_ns INTEGER NOT NULL,
  tier TEXT NOT NULL, keyframe INTEGER NOT NULL, anew INTEGER NOT NULL, torn INTEGER NOT NULL,
  executed INTEGER NOT NULL, missing TEXT NOT NULL, ended INTEGER NOT NULL, exit_status INTEGER, exit_signal INTEGER,
  zombie INTEGER NOT NULL, checksum INTEGER NOT NULL, oom_sure INTEGER, oom_limit_bytes INTEGER, oom_cgroup TEXT,
  {limits}, {counters});
CREATE TABLE mappings (
  mapping INTEGER NOT NULL, since INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  "offset" INTEGER NOT NULL, inode INTEGER NOT NULL, perms TEXT NOT NULL, device TEXT NOT NULL, name TEXT NOT NULL,
  vm_flags TEXT NOT NULL, {heads});
CREATE UNIQUE INDEX mappings_by_id ON mappings (mapping, since);
CREATE TABLE changes (tick INTEGER NOT NULL, mapping INTEGER NOT NULL);
CREATE TABLE whats (code INTEGER PRIMARY KEY, what TEXT NOT NULL);
CREATE TABLE happened (
  tick INTEGER NOT NULL, mapping INTEGER, code INTEGER NOT NULL, kb INTEGER, sure INTEGER NOT NULL, other INTEGER,
  symbols TEXT);
CREATE TABLE stacks (
  tick INTEGER NOT NULL, mapping INTEGER NOT NULL, tid INTEGER NOT NULL, name TEXT NOT NULL,
  threads INTEGER NOT NULL);
CREATE TABLE marks (letter TEXT PRIMARY KEY, tick INTEGER NOT NULL, mapping INTEGER);
CREATE TABLE faults (tick INTEGER NOT NULL, mapping INTEGER, stack INTEGER NOT NULL, faults INTEGER NOT NULL);
CREATE TABLE call_stacks (
  tick INTEGER NOT NULL, stack INTEGER PRIMARY KEY, caller INTEGER NOT NULL, frame INTEGER NOT NULL,
  function TEXT NOT NULL);
CREATE TABLE frames (
  tick INTEGER NOT NULL, frame INTEGER PRIMARY KEY, name TEXT, file TEXT NOT NULL, "offset" INTEGER NOT NULL,
  source TEXT, inlined INTEGER NOT NULL);
CREATE TABLE readings (
  reading INTEGER PRIMARY KEY, at TEXT NOT NULL, wall_ns INTEGER NOT NULL, monotonic_ns INTEGER NOT NULL,
  cost_ns INTEGER NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE members (
  pid INTEGER NOT NULL, start_time INTEGER NOT NULL, since INTEGER NOT NULL, name TEXT NOT NULL,
  command_line TEXT NOT NULL, executable TEXT, PRIMARY KEY (pid, start_time, since)) WITHOUT ROWID;
CREATE TABLE member_readings (
  reading INTEGER NOT NULL, pid INTEGER NOT NULL, start_time INTEGER NOT NULL, ppid INTEGER, state TEXT,
  read_ns INTEGER, missing TEXT, {family}, PRIMARY KEY (reading, pid, start_time)) WITHOUT ROWID;
CREATE VIEW family AS
  SELECT readings.at, (readings.monotonic_ns - (SELECT min(monotonic_ns) FROM ticks)) / 1e9 AS seconds,
    readings.monotonic_ns, member_readings.*,
    private_clean + private_dirty + ifnull(private_hugetlb, 0) AS uss, members.name
  FROM member_readings JOIN readings USING (reading) LEFT JOIN members ON members.pid = member_readings.pid
    AND members.start_time = member_readings.start_time
    AND members.since = (SELECT max(m.since) FROM members AS m
      WHERE m.pid = member_readings.pid AND m.start_time = member_readings.start_time
        AND m.since <= member_readings.reading);
CREATE VIEW events AS
  SELECT tick, mapping, what, kb, kb / (SELECT value FROM meta WHERE key = 'page_kb') AS pages, sure, other,
    symbols
  FROM happened JOIN whats USING (code);
CREATE VIEW history AS
  SELECT changes.*, ticks.at, (ticks.monotonic_ns - (SELECT min(monotonic_ns) FROM ticks)) / 1e9 AS seconds,
    mappings.name, mappings.perms, mappings.start, mappings."end", mappings.size, mappings.vm_flags
  FROM changes JOIN ticks USING (tick) JOIN mappings ON mappings.mapping = changes.mapping
    AND mappings.since =
      (SELECT max(m.since) FROM mappings AS m WHERE m.mapping = changes.mapping AND m.since <= changes.tick);
CREATE VIEW happenings AS
  SELECT events.*, ticks.at, mappings.name, mappings.perms, mappings.start, mappings."end"
  FROM events JOIN ticks USING (tick) LEFT JOIN mappings ON mappings.mapping = events.mapping
    AND mappings.since =
      (SELECT max(m.since) FROM mappings AS m WHERE m.mapping = events.mapping AND m.since <= events.tick);
CREATE VIEW callers AS
  SELECT faults.*, coalesce(call_stacks.function, '') AS function, ticks.at,
    (ticks.monotonic_ns - (SELECT min(monotonic_ns) FROM ticks)) / 1e9 AS seconds,
    mappings.name, mappings.perms, mappings.start, mappings."end"
  FROM faults JOIN ticks USING (tick) LEFT JOIN call_stacks USING (stack)
    LEFT JOIN mappings ON mappings.mapping = faults.mapping
    AND mappings.since =
      (SELECT max(m.since) FROM mappings AS m WHERE m.mapping = faults.mapping AND m.since <= faults.tick);
"""

DATABASE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""Errors of reading a damaged database; its text, and even SQLite's messages, may not be UTF-8."""

_LIMIT_TYPES = {"cgroup_missing": "TEXT", "cgroup_path": "TEXT", "cgroup_pressure_percent": "REAL"}
_SIGN = 1 << 63


def create_tables(database: sqlite3.Connection) -> None:
    """Create the tables of a recording in an empty database."""
    counters = ", ".join(
        f"{column} {'TEXT' if name in ('name', 'state') else 'INTEGER'}" for name, column in COUNTERS.items()
    )
    heads = ", ".join(f"{name} INTEGER" for name in ATTRIBUTE_FIELDS)
    limits = ", ".join(f"{column} {_LIMIT_TYPES.get(column, 'INTEGER')}" for column in LIMIT_COLUMNS)
    family = ", ".join(f"{name} INTEGER" for name in FAMILY_FIELDS)
    for statement in _TABLES.format(counters=counters, heads=heads, limits=limits, family=family).split(";\n"):
        database.execute(statement)
    database.executemany("INSERT INTO whats VALUES (?, ?)", [(code, what) for what, code in EVENT_CODES.items()])
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {FORMAT}")


def columns_of(database: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """Columns of a table, in order; empty without the table."""
    return tuple(row[1] for row in database.execute(f"PRAGMA table_info({table})"))


def quote_column(name: str) -> str:
    """Quote a column name for SQL; a kernel may print any label."""
    return '"' + name.replace('"', '""') + '"'


def to_signed(addresses: Iterable[int]) -> list[int]:
    """Convert addresses to SQLite's signed integers: those from 2**63 on ([vsyscall]) become negative."""
    return [address - 2 * _SIGN if address >= _SIGN else address for address in addresses]


def to_unsigned(number: int) -> int:
    """Convert SQLite's signed integer to an address."""
    return number % (2 * _SIGN)


def to_cell(value: "Cell") -> "Cell":
    """Convert a value for SQLite: a text with bytes that are not UTF-8 becomes a BLOB."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogateescape")
    return value


def from_cell(value: "Cell") -> "Cell":
    """Undo `to_cell`."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def checksum_of(
    tick: "Mapping[str, Cell]",
    heads: Sequence["TableRow"],
    events: Sequence["TableRow"],
    stacks: Sequence["TableRow"],
    faults: Sequence[Sequence["TableRow"]],
    ids: NDArray[np.int64],
    names: Sequence[str],
    amounts: Amounts,
) -> int:
    """Checksum of a tick, to detect damage.

    Cells that are None, and columns `ABSENT` in every row, do not count: their columns may have been added later.

    Args:
        tick: Row of `ticks`.
        heads: Rows of `mappings`.
        events: Rows of `happened`, with names for their codes.
        stacks: Rows of `stacks`.
        faults: Rows of each table of page faults.
        ids: Mapping ids of the rows of `changes`, shape (k,).
        names: Their fields.
        amounts: Their amounts, shape (len(names), k).
    """
    tick_cells = sorted((name, value) for name, value in tick.items() if value is not None and name != "checksum")
    rows = (tick_cells, heads, events, stacks) if stacks else (tick_cells, heads, events)
    crc = zlib.crc32(ascii(rows).encode())
    if any(faults):
        crc = zlib.crc32(ascii([*map(list, faults)]).encode(), crc)
    order = np.argsort(ids)
    crc = zlib.crc32(ids[order].astype("<i8").tobytes(), crc)
    for name, column in sorted(zip(names, amounts, strict=True), key=lambda pair: pair[0]):
        if (column != ABSENT).any():
            crc = zlib.crc32(name.encode() + column[order].astype("<i8").tobytes(), crc)
    return crc


def database_error(path: Path, error: Exception) -> SmapstopError:
    """Error for a recording that cannot be used, with SQLite's message."""
    text = " ".join(str(error).split())
    if isinstance(error, UnicodeDecodeError):
        text = "malformed text"
    if isinstance(error, DATABASE_ERRORS) and re.search("malformed|not a database|corrupt", text):
        return SmapstopError(f"{str(path)!r} is damaged: {text}", "sqlite3's .recover may save part of it")
    return SmapstopError(f"cannot use the recording {str(path)!r}: {text}")


Cell = str | int | float | bytes | None
"""Value in a table."""
TableRow = tuple[Any, ...]
"""Row of a table; its values are cells."""
