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


def event_lines(run: RecordedRun) -> list[EventText]:
    """The latest events of a run, the newest first; repeated events share a line."""
    timeline = run.timeline
    entries = EventLog(timeline).at(run.last)[-MAX_EVENTS:]
    return [
        EventText(
            when=(shown := entry_text(entry, timeline)).when,
            subject=subject_text(entry, timeline, _SUBJECT_WIDTH),
            text=shown.what,
            more="".join(text for text, _ in evidence_pieces(entry, timeline, _EVIDENCE_WIDTH)).strip(),
        )
        for entry in reversed(entries)
    ]
