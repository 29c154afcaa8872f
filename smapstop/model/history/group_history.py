"""Amounts and events of groups of mappings over time, summed over the members at each tick."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.grouping import GroupScope, group_ids
from smapstop.model.history.folded_entries import fold_group_entries
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.history.tick_entries import tick_entries
from smapstop.model.kinds import kind_codes
from smapstop.model.metrics import FAULTS
from smapstop.model.purpose_groups import purpose_groups
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import Mappings

REMOVAL_TICKS = 120
"""Ticks for which the removal of a mapping counts as a change of its group."""
_MAX_SUMS = 256
"""Ticks whose sums are cached."""
_MAX_ENTRIES = 4_096
_NO_PURPOSES = np.zeros(0, np.int8)

GroupKeys = NDArray[np.int64]
"""Keys of groups, see `group_keys`."""


@dataclass(frozen=True, slots=True, eq=False)
class _Members:
    """Mappings after a tick, in any order; columns of shape (n,)."""

    number: int
    ids: Ids
    keys: GroupKeys
    amounts: NDArray[np.int64]
    """kB by field, shape (f, n); 0 where not printed."""

    def take(self, rows: NDArray[np.intp]) -> "_Members":
        """Select rows."""
        return _Members(self.number, self.ids[rows], self.keys[rows], self.amounts[:, rows])


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Amounts of the groups after a tick, and the groups that lost a mapping in it."""

    amounts: NDArray[np.float32]
    """kB by field and key; NaN for groups without mappings."""
    lost_keys: frozenset[int]
    """Keys of the groups that lost a mapping."""


class GroupHistory:
    """Groups of a timeline over time; pure, as the timeline is, which may grow.

    Sums of recent ticks are cached, so a new tick costs one pass over the mappings.

    Args:
        timeline: The ticks.
        scope: The mappings, and what they are grouped by.
        fields: Fields to sum.
    """

    def __init__(self, timeline: Timeline, scope: GroupScope, fields: tuple[str, ...] = ("rss",)) -> None:
        self.timeline, self.scope, self.fields = timeline, scope, fields
        self._members: _Members | None = None
        self._sums: dict[int, _Sums] = {}
        self._samples: dict[int, NDArray[np.float32]] = {}
        self._entries: dict[tuple[int, int], tuple[LogEntry, ...]] = {}

    def series(self, groups: Ids, first: int, stop: int) -> NDArray[np.float64]:
        """Fields of groups over the ticks `first` to `stop`, kB, summed over the members at each tick.

        Returns:
            Shape (len(fields), len(groups), stop - first). NaN where a group had no mappings.
        """
        keys = group_ids(groups)
        out = np.full((len(self.fields), len(groups), max(0, stop - first)), np.nan)
        since = max(first, self.timeline.oldest)
        for at, sums in enumerate(self._sums_between(since, stop), since - first):
            known = keys < sums.amounts.shape[1]
            out[:, known, at] = sums.amounts[:, keys[known]]
        return out

    def samples(self, groups: Ids, numbers: Ids) -> NDArray[np.float64]:
        """Fields of groups after some ticks, kB, summed over the members at each; other ticks are not looked at.

        Returns:
            Shape (len(fields), len(groups), len(numbers)). NaN where a group had no mappings.
        """
        keys, out = group_ids(groups), np.full((len(self.fields), len(groups), len(numbers)), np.nan)
        self._samples = {number: self._sample(number) for number in np.unique(numbers).tolist()}
        for at, number in enumerate(numbers.tolist()):
            sums = self._samples[number]
            known = keys < sums.shape[1]
            out[:, known, at] = sums[:, keys[known]]
        return out

    def _sample(self, number: int) -> NDArray[np.float32]:
        """Amounts of the groups after a tick, kB by field and key."""
        if number in self._sums:
            return self._sums[number].amounts
        return self._samples[number] if number in self._samples else _sum_groups(self._members_at(number))

    def last_changed(self, groups: Ids, moved: NDArray[np.int64], number: int) -> list[int]:
        """Last tick up to `number` at which each group changed, -1 for never.

        Args:
            groups: Ids of the groups.
            moved: Tick of the last change among the present members of each group.
            number: The tick shown; the removal of a mapping counts for `REMOVAL_TICKS` ticks.
        """
        first = max(self.timeline.oldest, number - REMOVAL_TICKS + 1)
        recent = self._sums_between(first, number + 1)[::-1]
        removals = [
            next((number - ago for ago, sums in enumerate(recent) if key in sums.lost_keys), -1)
            for key in group_ids(groups).tolist()
        ]
        return np.maximum(moved, removals).tolist() if removals else []

    def changed_groups(self, number: int) -> Ids:
        """Ids of the groups in which a mapping changed visibly at a tick, or is gone."""
        snapshot = self.timeline.at(number)
        rows = np.flatnonzero(snapshot.last_changed == number)
        purposes = self._purpose_groups(number)
        purposes = purposes[rows] if len(purposes) else purposes
        keys = self._members_of(number, snapshot.ids[rows], snapshot.mappings.take(rows), purposes).keys
        (sums,) = self._sums_between(number, number + 1)
        return group_ids(np.union1d(keys, np.array(sorted(sums.lost_keys), np.int64)))

    def entries(self, groups: Ids, numbers: Sequence[int]) -> list[tuple[LogEntry, ...]]:
        """Log entries of each group in the tick given for it, the costliest first, then the largest."""
        requests = list(zip(groups.tolist(), numbers, strict=True))
        for number in {number for group, number in requests if number >= 0 and (group, number) not in self._entries}:
            here = [group for group, at in requests if at == number]
            by_group = self._entries_by_group(number, np.array(here, np.int64))
            self._entries |= {(group, number): tuple(by_group.get(group, ())) for group in here}
        results = [self._entries.get(each, ()) for each in requests]
        while len(self._entries) > _MAX_ENTRIES:
            self._entries.pop(next(iter(self._entries)))
        return results

    def _entries_by_group(self, number: int, groups: Ids) -> dict[int, list[LogEntry]]:
        """Log entries of a tick by group."""
        timeline, by_group = self.timeline, dict[int, list[LogEntry]]()
        before = timeline.at(number - 1) if number > timeline.oldest else None
        if before is None:
            return {}
        tick_items = tick_entries(timeline.header(number))
        purposes = self._purpose_groups(number - 1), self._purpose_groups(number)
        after, faults = timeline.at(number), timeline.faults.since_reading(number)
        entries = fold_group_entries(tick_items, before, after, faults, self.scope, groups, purposes)
        for entry in sorted(entries, key=lambda entry: (entry.cost, -entry.kb)):
            by_group.setdefault(entry.scope, []).append(entry)
        return by_group

    def _sums_between(self, first: int, stop: int) -> list[_Sums]:
        """Sums after each of the ticks `first` to `stop`."""
        for number in range(first, stop):
            if number not in self._sums:
                self._add_sums(number)
        sums = [self._sums[number] for number in range(first, stop)]
        while len(self._sums) > _MAX_SUMS:
            self._sums.pop(next(iter(self._sums)))
        return sums

    def _add_sums(self, number: int) -> None:
        """Compute the sums of a tick from the members before it."""
        if 0 < number == self.timeline.oldest:
            self._members = self._members_at(number)
            self._sums[number] = _Sums(_sum_groups(self._members), frozenset())
            return
        tick = self.timeline.ticks[number]
        before = (
            self._members if self._members and self._members.number == number - 1 else self._members_at(number - 1)
        )
        if self.scope.by == "purpose" or FAULTS in self.fields:  # which others change, too: neighbours, threads, code
            members = self._members_at(number)
            gone = before.keys[~np.isin(before.ids, members.ids)]
        elif not tick.keyframe and not len(tick.ids) and not len(tick.gone):
            members, gone = replace(before, number=number), np.zeros(0, np.int64)
        else:
            members = self._members_after(before, tick)
            gone = before.keys[~np.isin(before.ids, tick.ids) if tick.keyframe else np.isin(before.ids, tick.gone)]
        self._members = members
        self._sums[number] = _Sums(
            _sum_groups(members), frozenset() if tick.executed else frozenset(np.unique(gone).tolist())
        )

    def _members_at(self, number: int) -> _Members:
        """Mappings after a tick; none before the first."""
        snapshot = self.timeline.at(max(0, number))
        members = self._members_of(number, snapshot.ids, snapshot.mappings, self._purpose_groups(max(0, number)))
        return members if number >= 0 else _Members(number, members.ids[:0], members.keys[:0], members.amounts[:, :0])

    def _members_after(self, before: _Members, tick: Tick) -> _Members:
        """Mappings after the next tick."""
        changed = self._members_of(tick.number, tick.ids, tick.rows, _NO_PURPOSES)
        if tick.keyframe:
            return changed
        stay = ~np.isin(before.ids, np.concatenate([tick.ids, tick.gone]))
        return _Members(
            tick.number,
            np.concatenate([before.ids[stay], changed.ids]),
            np.concatenate([before.keys[stay], changed.keys]),
            np.concatenate([before.amounts[:, stay], changed.amounts], axis=1),
        )

    def _purpose_groups(self, number: int) -> NDArray[np.int8]:
        """Positions in `PURPOSE_GROUPS` of the mappings at a tick; empty unless they are grouped by purpose."""
        if self.scope.by != "purpose":
            return _NO_PURPOSES
        return purpose_groups(self.timeline.at(number).mappings, self.timeline.purposes_at(number))

    def _members_of(self, number: int, ids: Ids, mappings: Mappings, purpose: NDArray[np.int8]) -> _Members:
        """Mappings with the keys of their groups."""
        keys = self.scope.keys(ids, kind_codes(mappings), mappings.name, purpose)
        columns = [self._column(number, ids, mappings, name) for name in self.fields]
        members = _Members(number, ids, keys, np.maximum(columns, 0))
        return members if self.scope.only is None else members.take(np.flatnonzero(keys >= 0))

    def _column(self, number: int, ids: Ids, mappings: Mappings, name: str) -> NDArray[np.int64]:
        """A field of mappings, kB; or their page faults. 0 where not known."""
        if name == FAULTS:
            return np.nan_to_num(self.timeline.faults.series(ids, number, number + 1)[:, 0]).astype(np.int64)
        column = mappings.get(name)
        return np.zeros(len(mappings), np.int64) if column is None else column


def _sum_groups(members: _Members) -> NDArray[np.float32]:
    """Sum of each field by group, kB; NaN for groups without mappings."""
    sums = np.array([np.bincount(members.keys, weights=amounts) for amounts in members.amounts], np.float32)
    sums[:, np.bincount(members.keys) == 0] = np.nan
    return sums
