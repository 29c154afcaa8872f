"""Mappings in detail: why each is as it is, its fields before and after, its life and its events."""

from collections.abc import Sequence

from smapstop.export.html.mapping_table import MappingRow
from smapstop.export.html.recorded_run import RecordedRun
from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.event_log import logs_of_mappings
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.proc.fields import EXTERNALLY_DRIVEN, PROPERTY_FIELDS
from smapstop.text.events import entry_text, evidence_pieces
from smapstop.text.lifecycle import lifecycle_lines
from smapstop.text.mapping_detail import FieldRow, FieldWidths, compared_ticks, field_rows, flags_of
from smapstop.text.run_verdict import culprit_of_run
from smapstop.text.why import Reason, Why, reason_of, why_of

MAX_SECTIONS = 24
MAX_EVENT_TICKS = 1_000
"""Ticks whose events are listed, the last ones."""
_MAX_EVENTS, _MAX_LIFE, _MAX_REASONS = 12, 8, 3
_WIDTHS = FieldWidths(before=15, after=15, delta=15, rate=0, history=0, last=30, label=40)
_EVIDENCE_WIDTH = 60


@dataclass(frozen=True, slots=True)
class DatedText:
    """A text with its time."""

    when: str
    text: str
    more: str = ""
    """What proves it."""


@dataclass(frozen=True, slots=True)
class MappingSection:
    """One mapping in detail."""

    row: MappingRow
    why: Why
    reasons: tuple[Reason, ...]
    """What moved its pages over the whole run."""
    culprit: str
    fields: tuple[FieldRow, ...]
    flags: tuple[tuple[str, str], ...]
    life: tuple[DatedText, ...]
    events: tuple[DatedText, ...]
    """The newest first."""


def moved_rows(rows: Sequence[MappingRow]) -> list[MappingRow]:
    """Rows of mappings that moved."""
    return [row for row in rows if row.change_kb or row.history or row.what]


def undetailed_text(rows: Sequence[MappingRow], sections: Sequence[MappingSection]) -> str:
    """How many mappings of the table moved and have no details; empty if all have."""
    missing = len(moved_rows(rows)) - len(sections)
    if missing <= 0:
        return ""
    return f"{missing} more mappings of the table moved: smapstop replay shows them in detail."


def mapping_sections(run: RecordedRun, rows: Sequence[MappingRow]) -> list[MappingSection]:
    """Describe the mappings that moved, those that moved most first."""
    moved = moved_rows(rows)[:MAX_SECTIONS]
    events = run.sums.events_of([row.mapping for row in moved])
    faults = run.timeline.faults.between(run.start + 1, run.last + 1)
    histories = [MappingHistory(run.timeline, row.mapping) for row in moved]
    since = len(run.timeline) - MAX_EVENT_TICKS
    logs = logs_of_mappings(histories, since)
    sections = []
    for row, history in zip(moved, histories, strict=True):
        if not history.states:
            continue
        ticks = compared_ticks(history, run.view)
        fields = field_rows(history, ticks, _WIDTHS)
        sections.append(
            MappingSection(
                row=row,
                why=why_of(history, run.view, ticks, ""),
                reasons=tuple(reason_of(event, row.kind) for event in events[row.mapping][:_MAX_REASONS]),
                culprit=culprit_of_run(faults, row.mapping),
                fields=tuple(field for field in fields if not _is_idle(field)),
                flags=tuple(flags_of(history.states[history.step_at(ticks.number)])),
                life=_life(history, ticks.number),
                events=_events(run, logs[row.mapping], is_cut=since > run.timeline.oldest),
            )
        )
    return sections


def _is_idle(field: FieldRow) -> bool:
    """Whether a field is not worth showing: always 0, no amount, or unchanged and driven by others."""
    return field.zero or field.name in PROPERTY_FIELDS or (field.constant and field.name in EXTERNALLY_DRIVEN)


def _life(history: MappingHistory, number: int) -> tuple[DatedText, ...]:
    """Lifecycle events, the newest first."""
    lines = lifecycle_lines(history, number)
    texts = [DatedText(when, text) for when, text in lines[:_MAX_LIFE]]
    if len(lines) > _MAX_LIFE:
        texts.append(DatedText("…", f"and {len(lines) - _MAX_LIFE} earlier"))
    return tuple(texts)


def _events(run: RecordedRun, entries: Sequence[LogEntry], *, is_cut: bool) -> tuple[DatedText, ...]:
    """Events of a mapping, the newest first.

    Args:
        run: The run.
        entries: The events.
        is_cut: Whether there may be earlier ones.
    """
    texts = []
    for entry in reversed(entries[-_MAX_EVENTS:]):
        shown = entry_text(entry, run.timeline)
        evidence = "".join(text for text, _ in evidence_pieces(entry, run.timeline, _EVIDENCE_WIDTH))
        texts.append(DatedText(shown.when, shown.what, evidence.strip()))
    if is_cut or len(entries) > _MAX_EVENTS:
        texts.append(DatedText("…", "earlier ones are left out"))
    return tuple(texts)
