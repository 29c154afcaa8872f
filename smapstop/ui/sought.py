"""Which entries of the chronicle have the words that the user types. No Textual here."""

from collections.abc import Sequence

from smapstop.model.history.log_entry import Entry
from smapstop.model.timeline.timeline import Timeline
from smapstop.ui.happened import told, whose

_WIDE = 1_000
"""Cells in which every name has room."""
_SHORT = {"copy-on-write": "cow", "copy-on-write-after-fork": "cow"}
"""What people call a mechanism who type."""


def found(entries: Sequence[Entry], words: str, timeline: Timeline) -> tuple[Entry, ...]:
    """The entries that have all of these words, and none of those with a `!` before them.

    Words are parts of what `text_of` says, in capitals or not; a `!` alone is none yet.
    """
    asked = words.casefold().split()
    wanted = [word for word in asked if word[0] != "!"]
    unwanted = [word[1:] for word in asked if word[0] == "!" and word != "!"]

    def has(text: str) -> bool:
        return all(word in text for word in wanted) and not any(word in text for word in unwanted)

    if not wanted and not unwanted:
        return tuple(entries)
    return tuple(entry for entry in entries if has(text_of(entry, timeline).casefold()))


def text_of(entry: Entry, timeline: Timeline) -> str:
    """What can be sought of an entry: whose it is, with the path; what happened, also as `Happening` calls it."""
    path = entry.face.name if entry.face else ""
    said = [whose(entry, timeline, _WIDE), told(entry, timeline).what]
    return "\n".join([path, *said, entry.what, _SHORT.get(entry.what, "")])
