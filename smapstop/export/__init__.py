"""A recording for other programs: csv, JSON lines, or a trace, of which only a tick at a time is in memory."""

from typing import Literal

RecordKind = Literal["ticks", "changes", "events"]
"""What is exported: what was learned of the whole process, which mappings changed, or what happened."""
RECORD_KINDS: tuple[RecordKind, ...] = ("ticks", "changes", "events")
