"""Earlier run of the same program, compared with a later one at the same age."""

from bisect import bisect_left
from dataclasses import replace

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.compare.mapping_pairs import NO_ROW, RowIndices, pair_mappings
from smapstop.model.tick import Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import Mappings, StringIds, StringTable

FOREIGN_ID_BASE = 1 << 48
"""First id for mappings of the earlier run that the later one does not have."""
_LAYOUT_COLUMNS = ("start", "end", "offset", "perms", "name")


@dataclass(frozen=True, slots=True, eq=False)
class _TextTranslation:
    """Translation of the string ids of one run into a table that extends another run's."""

    key: tuple[StringTable, int, StringTable, int]
    """String tables of the earlier and of the later run, each with its length."""
    texts: StringTable
    """Strings of the later run, followed by those that only the earlier one has."""
    codes: StringIds
    """Code in `texts` of each code of the earlier run."""


class PreviousRun:
    """An earlier run; pure, as its timeline is. Pairs of mappings are cached until the layout of a map changes.

    Args:
        number: Number of the run.
        timeline: Its ticks, at least one.
    """

    def __init__(self, number: int, timeline: Timeline) -> None:
        self.number, self.timeline = number, timeline
        self._maps: tuple[Mappings, Mappings] | None = None
        self._rows: RowIndices = np.zeros(0, np.intp)
        self._translation: _TextTranslation | None = None

    def at_same_age(self, timeline: Timeline, moment: MapSnapshot) -> MapSnapshot:
        """Snapshot of this run at the age of another run: at the nearest tick, or the last one if it ended before.

        Mappings paired with one of the other run get its id; the others get a fixed id from `FOREIGN_ID_BASE` on. The
        string table extends that of the other run.

        Args:
            timeline: The other run.
            moment: Snapshot of the other run.
        """
        snapshot = self.timeline.at(tick_at_age(self.timeline, age_of(timeline, moment.reading_tick)))
        rows = self._pair_mappings(snapshot.mappings, moment.mappings)
        ids = FOREIGN_ID_BASE + snapshot.ids
        paired = np.flatnonzero(rows != NO_ROW)
        ids[rows[paired]] = moment.ids[paired]
        return replace(snapshot, ids=ids, mappings=self._translate_texts(snapshot.mappings, moment.mappings.strings))

    def counterpart(self, mapping: int, snapshot: MapSnapshot) -> int | None:
        """Id of the other run's mapping paired with one of this run; `None` if it has none, or none yet.

        Args:
            mapping: Id in this run.
            snapshot: Result of `at_same_age`.
        """
        row = self.timeline.at(snapshot.tick.number).row_of(mapping)
        id_ = FOREIGN_ID_BASE if row is None else int(snapshot.ids[row])
        return id_ if id_ < FOREIGN_ID_BASE else None

    def _pair_mappings(self, before: Mappings, after: Mappings) -> RowIndices:
        """See `pair_mappings`; cached while neither map changes its layout."""
        cached = self._maps
        if cached is None or not (_has_same_layout(cached[0], before) and _has_same_layout(cached[1], after)):
            self._rows = pair_mappings(before, after)
        self._maps = before, after
        return self._rows

    def _translate_texts(self, mappings: Mappings, texts: StringTable) -> Mappings:
        """Map of this run with string ids of a table that extends the other run's."""
        key = (mappings.strings, len(mappings.strings), texts, len(texts))
        translation = self._translation
        if translation is None or translation.key != key:
            extended = StringTable(texts.additions_since(0))
            codes = np.array([extended.intern(text) for text in mappings.strings.additions_since(0)], np.int32)
            translation = self._translation = _TextTranslation(key, extended, codes)
        columns = {name: translation.codes[getattr(mappings, name)] for name in ("perms", "device", "name", "flags")}
        return replace(mappings, strings=translation.texts, **columns)


def age_of(timeline: Timeline, tick: Tick) -> int:
    """Time from the first tick of a timeline to another tick, ns."""
    return tick.monotonic_ns - timeline.initial.tick.monotonic_ns


def tick_at_age(timeline: Timeline, age_ns: int) -> int:
    """Known tick nearest to an age."""
    known = range(timeline.oldest, len(timeline))
    at = bisect_left(known, age_ns, key=lambda number: age_of(timeline, timeline.header(number)))
    around = known[max(0, at - 1) : at + 1]
    return min(around, key=lambda number: abs(age_of(timeline, timeline.header(number)) - age_ns))


def _has_same_layout(a: Mappings, b: Mappings) -> bool:
    """Whether two maps of one run differ only in amounts."""
    return a is b or (
        a.strings is b.strings and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in _LAYOUT_COLUMNS)
    )
