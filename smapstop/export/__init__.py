"""Export a recording as CSV, JSON lines or a trace, keeping only one tick at a time in memory."""

from typing import Literal

RecordKind = Literal["ticks", "changes", "events"]
"""Kind of record: counters and totals of the process, changed mappings, or events."""
RECORD_KINDS: tuple[RecordKind, ...] = ("ticks", "changes", "events")
