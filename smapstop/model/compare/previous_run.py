"""An earlier run of the same program, which a later one is compared with: what it was when it was as old."""

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np

from smapstop.model.compare.mapping_pairs import NO_ROW, RowIndices, pair_mappings
from smapstop.model.tick import Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import Mappings, StringIds, StringTable

FOREIGN_ID_BASE = 1 << 48
"""From here on are the ids of mappings of the earlier run that the later one does not have."""
_LAYOUT_COLUMNS = ("start", "end", "offset", "perms", "name")


@dataclass(frozen=True, slots=True, eq=False)
class _TextTranslation:
    """How the texts of one run are told with those of another."""

    key: tuple[StringTable, int, StringTable, int]
    """Those of the earlier and of the later run, and how many there were of them."""
    texts: StringTable
    """Those of the later run with what the earlier one has beside them."""
    codes: StringIds
    """For each code of the earlier run the one in `texts`."""


class PreviousRun:
    """An earlier run; pure, as its timeline is. Which mapping is which is kept until one of the maps changes.

    Args:
        number: What the run is called.
        timeline: Its ticks, of which there must be one.
    """

    def __init__(self, number: int, timeline: Timeline) -> None:
        self.number, self.timeline = number, timeline
        self._maps: tuple[Mappings, Mappings] | None = None
        self._rows: RowIndices = np.zeros(0, np.intp)
        self._translation: _TextTranslation | None = None

    def at_same_age(self, timeline: Timeline, moment: MapSnapshot) -> MapSnapshot:
        """The run when it was as old as another is at a moment: its nearest reading; the last one if it ended before.

        Mappings that are like one of the other run's have that one's id; the others have one from `FOREIGN_ID_BASE`
        on, which is theirs for good. The texts are those of the other run, and more.

        Args:
            timeline: The other run.
            moment: One of it.
        """
        then = self.timeline.at(tick_at_age(self.timeline, age_of(timeline, moment.reading_tick)))
        rows = self._pair_mappings(then.mappings, moment.mappings)
        ids = FOREIGN_ID_BASE + then.ids
        alike = np.flatnonzero(rows != NO_ROW)
        ids[rows[alike]] = moment.ids[alike]
        return replace(then, ids=ids, mappings=self._translate_texts(then.mappings, moment.mappings.strings))

    def counterpart(self, mapping: int, snapshot: MapSnapshot) -> int | None:
        """The other run's mapping that is like one of this run; None when it has none, or not yet.

        Args:
            mapping: By its own id.
            beside: What `beside` gave.
        """
        row = self.timeline.at(snapshot.tick.number).row_of(mapping)
        found = FOREIGN_ID_BASE if row is None else int(snapshot.ids[row])
        return found if found < FOREIGN_ID_BASE else None

    def _pair_mappings(self, before: Mappings, after: Mappings) -> RowIndices:
        """See `paired`."""
        known = self._maps
        if known is None or not (_has_same_layout(known[0], before) and _has_same_layout(known[1], after)):
            self._rows = pair_mappings(before, after)
        self._maps = before, after
        return self._rows

    def _translate_texts(self, mappings: Mappings, texts: StringTable) -> Mappings:
        """A map of the run, told with the texts of the other one."""
        of = (mappings.strings, len(mappings.strings), texts, len(texts))
        spelling = self._translation
        if spelling is None or spelling.key != of:
            more = StringTable(texts.additions_since(0))
            codes = np.array([more.intern(text) for text in mappings.strings.additions_since(0)], np.int32)
            spelling = self._translation = _TextTranslation(of, more, codes)
        columns = {name: spelling.codes[getattr(mappings, name)] for name in ("perms", "device", "name", "flags")}
        return replace(mappings, strings=spelling.texts, **columns)


def age_of(timeline: Timeline, tick: Tick) -> int:
    """How long after the first tick of a timeline another one was, ns."""
    return tick.monotonic_ns - timeline.initial.tick.monotonic_ns


def tick_at_age(timeline: Timeline, age_ns: int) -> int:
    """The known tick that is nearest to an age."""
    known = range(timeline.oldest, len(timeline))
    at = bisect_left(known, age_ns, key=lambda number: age_of(timeline, timeline.header(number)))
    around = known[max(0, at - 1) : at + 1]
    return min(around, key=lambda number: abs(age_of(timeline, timeline.header(number)) - age_ns))


def _has_same_layout(a: Mappings, b: Mappings) -> bool:
    """Whether two maps of one run differ only in amounts."""
    return a is b or (
        a.strings is b.strings and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in _LAYOUT_COLUMNS)
    )
