"""Export a recording as CSV, JSON lines or a trace, keeping only one tick at a time in memory."""

from typing import Literal

RecordKind = Literal["ticks", "changes", "events", "callers", "members"]
"""Kind of record: counters and totals of the process, changed mappings, events, call stacks
of page faults, or members of its family."""
RECORD_KINDS: tuple[RecordKind, ...] = ("ticks", "changes", "events", "callers", "members")
