"""The events of a run as lines of text."""

from smapstop.export.html.recorded_run import RecordedRun
from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.event_log import EventLog
from smapstop.text.events import entry_text, evidence_pieces, subject_text

MAX_EVENTS = 300
_SUBJECT_WIDTH, _EVIDENCE_WIDTH = 60, 80


@dataclass(frozen=True, slots=True)
class EventText:
    """A line of the list of events."""

    when: str
    subject: str
    text: str
    more: str
    """What proves it, or how often it happened."""


@dataclass(frozen=True, slots=True)
class ReportEvents:
    """The latest events of a run, the newest first; repeated events share a line."""

    lines: tuple[EventText, ...]
    left_out: str
    """That earlier ones are left out, and where they are; empty if none are."""


def event_lines(run: RecordedRun) -> ReportEvents:
    """List the latest events of a run."""
    timeline = run.timeline
    log = EventLog(timeline).at(run.last)
    entries = log[-MAX_EVENTS:]
    lines = tuple(
        EventText(
            when=(shown := entry_text(entry, timeline)).when,
            subject=subject_text(entry, timeline, _SUBJECT_WIDTH),
            text=shown.what,
            more="".join(text for text, _ in evidence_pieces(entry, timeline, _EVIDENCE_WIDTH)).strip(),
        )
        for entry in reversed(entries)
    )
    first = min((entry.first for entry in entries), default=timeline.oldest)
    is_cut = len(log) > len(entries) or any(run.event_counts[timeline.oldest : first])
    total = sum(run.event_counts)
    return ReportEvents(
        lines, f"Earlier lines are left out: smapstop export has all {total:,} events." if is_cut else ""
    )
