"""Find entries of the event log by words."""

from collections.abc import Sequence

import numpy as np

from smapstop.model.history.log_entry import LogEntry
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.search import Hits
from smapstop.text.events import entry_text, subject_text

_AMPLE_WIDTH = 1_000
"""Width at which no name is cut."""
_ABBREVIATIONS = {"copy-on-write": "cow", "copy-on-write-after-fork": "cow"}
"""Short search words for mechanisms."""


def search_entries(entries: Sequence[LogEntry], words: str, timeline: Timeline) -> tuple[LogEntry, ...]:
    """Find the entries that contain all words, and none of those that follow a `!`.

    Words match parts of `searchable_text`, ignoring case; a lone `!` is ignored.
    """
    terms = words.casefold().split()
    wanted = [word for word in terms if word[0] != "!"]
    unwanted = [word[1:] for word in terms if word[0] == "!" and word != "!"]

    def has(text: str) -> bool:
        return all(word in text for word in wanted) and not any(word in text for word in unwanted)

    if not wanted and not unwanted:
        return tuple(entries)
    return tuple(entry for entry in entries if has(searchable_text(entry, timeline).casefold()))


def searchable_text(entry: LogEntry, timeline: Timeline) -> str:
    """Text of an entry to search: the path, the subject, what happened, and its `EventKind`."""
    path = entry.ref.name if entry.ref else ""
    texts = [subject_text(entry, timeline, _AMPLE_WIDTH), entry_text(entry, timeline).what]
    return "\n".join([path, *texts, entry.what, _ABBREVIATIONS.get(entry.what, "")])


NO_HITS = Hits(np.zeros(0, np.bool_), np.zeros(0, np.intp))
"""Hits of no words."""


def find_entries(entries: Sequence[LogEntry], words: str, timeline: Timeline) -> Hits:
    """Places of the entries that match words, see `search_entries`; without words, none."""
    if not words:
        return NO_HITS
    found = {entry.identity for entry in search_entries(entries, words, timeline)}
    mask = np.fromiter((entry.identity in found for entry in entries), np.bool_, len(entries))
    return Hits(mask, np.flatnonzero(mask))
