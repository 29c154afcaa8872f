"""Rows of a table, one per mapping or group, with all columns needed to show, filter and sort them."""

from collections.abc import Mapping
from dataclasses import field, replace

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import all_kind_codes, kind_codes
from smapstop.model.labels import Label, purpose_label
from smapstop.model.mapping_rows import concatenate, find_rows
from smapstop.model.metrics import FAULTS, Metric, sum_parts
from smapstop.model.purpose_groups import purpose_groups
from smapstop.model.purposes import Purposes, purposes_of
from smapstop.model.tick import Ids, ThreadStack
from smapstop.model.timeline.map_diff import MapDiff
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.rates import rate_seconds
from smapstop.proc.added_fields import DATA_FILE
from smapstop.proc.columns import Addresses, Amounts, Mappings, StringIds, StringTable

PurposeSource = tuple[Mappings, Purposes, NDArray[np.intp]]
"""A map, the purposes of its mappings, and some of its rows."""


@dataclass(frozen=True, slots=True, eq=False)
class InferredRows:
    """What is inferred of n rows since the mappings were read, see `InferredGrowth`."""

    kb: Amounts
    """Growth, kB; 0 if none can be inferred."""
    faults: NDArray[np.int64]
    """Page faults."""
    last: NDArray[np.int64]
    """Tick of the last ones; -1 without any."""
    change: Amounts | None
    """Change of Rss until the tick shown, kB: as inferred of rows with page faults, else as measured; `None` if the
    changes of the table are of another metric, of which nothing is inferred."""
    seconds: float | None
    """Seconds since the mappings were read; `None` if there is no rate."""

    def take(self, rows: NDArray[np.intp]) -> "InferredRows":
        """Select rows."""
        change = None if self.change is None else self.change[rows]
        return InferredRows(self.kb[rows], self.faults[rows], self.last[rows], change, self.seconds)


@dataclass(frozen=True, slots=True, eq=False)
class TableData:
    """Rows with their changes against the baseline; n rows."""

    ids: Ids
    """Mapping ids; those of groups are negative, and stay the same for a group's name."""
    start: Addresses
    end: Addresses
    name: StringIds
    perms: StringIds
    kind: NDArray[np.int8]
    """Positions in `list(Kind)`."""
    texts: StringTable
    fields: tuple[str, ...]
    amounts: Amounts
    """Shape (len(fields), n), kB."""
    metric: Metric
    """What the changes are of."""
    change: Amounts | None
    """Change of the metric against the baseline, kB, shape (n,); `None` if unknown, or without a baseline."""
    recent_change: Amounts | None
    """Change of the metric over the last ticks, kB, shape (n,), for rates; `None` likewise."""
    recent_seconds: float | None
    """Seconds of the last ticks; `None` if there is no rate."""
    last_changed: NDArray[np.int64]
    """Tick at which the row last changed, -1 for never."""
    gone: NDArray[np.bool_]
    """Mask of the rows of removed mappings, still shown for a few ticks."""
    mapping_count: NDArray[np.int64]
    """Number of mappings in the row."""
    purposes: Purposes
    """Purposes of nameless mappings."""
    sources: tuple[PurposeSource, ...]
    """Maps that the rows are of, in their order; none for groups."""
    stacks: Mapping[int, ThreadStack] = field(default_factory=dict)
    """Threads by the mapping that is their stack, where known."""
    parent: NDArray[np.intp] | None = None
    """Row of the group that a mapping is unfolded from, shape (n,), -1 for others; `None` if no row is a group."""
    faults: Amounts | None = None
    """Page faults since they are watched, the field `FAULTS`; `None` if they are not."""
    inferred: InferredRows | None = None
    """What is inferred since the mappings were read; `None` if they have just been, or without page faults."""

    def __len__(self) -> int:
        return len(self.ids)

    def label(self, row: int) -> Label | None:
        """Label of the nameless memory in a row; `None` if it has a name, or its purpose is unknown."""
        if self.name[row] or self.ids[row] < 0:
            return None
        owner = self.texts[int(self.purposes.owner[row])]
        stack, proven = self.stacks.get(int(self.ids[row])), bool(self.purposes.proven[row])
        return purpose_label(int(self.purposes.purpose[row]), owner, stack, proven=proven)

    @property
    def last_moved(self) -> NDArray[np.int64]:
        """Tick at which each row last changed, or had page faults since it was read; -1 for never."""
        return self.last_changed if self.inferred is None else np.maximum(self.last_changed, self.inferred.last)

    @property
    def change_now(self) -> Amounts | None:
        """Change of the metric against the baseline, as far as it is inferred since the mappings were read, kB."""
        return self.change if self.inferred is None or self.inferred.change is None else self.inferred.change

    @property
    def rate_now(self) -> NDArray[np.float64] | None:
        """Rate of the metric, since the mappings were read where that is inferred, kB/s; NaN or `None` if unknown."""
        seconds, change, inferred = self.recent_seconds, self.recent_change, self.inferred
        rate = None if change is None or not seconds else change / seconds
        if inferred is None or inferred.change is None:
            return rate
        since = inferred.kb / (inferred.seconds or np.nan)
        return np.where(inferred.faults > 0, since, np.nan if rate is None else rate)

    @property
    def data_files(self) -> NDArray[np.bool_]:
        """Mask of the files that are known to be neither programs nor libraries, shape (n,)."""
        column = self.get(DATA_FILE)
        return np.zeros(len(self), np.bool_) if column is None else column == 1

    def is_data_file(self, row: int) -> bool:
        """Whether the file in a row is known to be neither a program nor a library."""
        column = self.get(DATA_FILE)
        return column is not None and bool(column[row] == 1)

    def is_member(self, row: int) -> bool:
        """Whether a row is a mapping below its group."""
        return self.parent is not None and self.parent[row] >= 0

    def purpose_groups(self) -> NDArray[np.int8]:
        """Positions in `PURPOSE_GROUPS`, shape (n,); computed only when needed."""
        return np.concatenate([purpose_groups(mappings, purposes)[rows] for mappings, purposes, rows in self.sources])

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of all fields that `get` knows."""
        return self.fields if self.faults is None else (*self.fields, FAULTS)

    @property
    def metric_amounts(self) -> Amounts | None:
        """Amounts of the metric, kB, shape (n,); `None` if this kernel does not print it."""
        return sum_parts(self.metric, self.get)

    def get(self, name: str) -> Amounts | None:
        """Column of a field; `None` if this kernel does not print it."""
        if name == FAULTS:
            return self.faults
        return self.amounts[self.fields.index(name)] if name in self.fields else None

    def take(self, rows: NDArray[np.intp]) -> "TableData":
        """Select rows of mappings; what they are for is no longer known by `purpose_groups`."""
        return replace(
            self,
            ids=self.ids[rows],
            start=self.start[rows],
            end=self.end[rows],
            name=self.name[rows],
            perms=self.perms[rows],
            kind=self.kind[rows],
            amounts=self.amounts[:, rows],
            change=None if self.change is None else self.change[rows],
            recent_change=None if self.recent_change is None else self.recent_change[rows],
            faults=None if self.faults is None else self.faults[rows],
            inferred=None if self.inferred is None else self.inferred.take(rows),
            last_changed=self.last_changed[rows],
            gone=self.gone[rows],
            mapping_count=self.mapping_count[rows],
            purposes=self.purposes.take(rows),
            sources=(),
        )


@dataclass(frozen=True, slots=True, eq=False)
class RemovedRows:
    """Removed mappings that are still shown."""

    snapshot: MapSnapshot
    """A snapshot that has them. Its string table is that of the snapshot shown, or extends it."""
    rows: NDArray[np.intp]
    """Their rows in it, shape (k,)."""
    ticks: NDArray[np.int64]
    """First ticks without them, shape (k,); -1 if they were never in this run."""


def build_table(
    changes: MapDiff,
    recent: MapDiff,
    metric: Metric,
    stacks: Mapping[int, ThreadStack] | None = None,
    purposes: Purposes | None = None,
) -> TableData:
    """Build the table of a snapshot, one row per mapping.

    Args:
        changes: The snapshot, compared with its baseline.
        recent: The snapshot, compared with one a few ticks before, for rates.
        metric: What the changes are of.
        stacks: Threads by the mapping that is their stack.
        purposes: Purposes of the mappings; by default what their shapes say.
    """
    after = changes.after
    return replace(
        static_table(after.mappings, purposes),
        ids=after.ids,
        metric=metric,
        change=changes.change(metric),
        recent_change=recent.change(metric),
        recent_seconds=rate_seconds(recent.before.reading_tick, after.reading_tick),
        last_changed=after.last_changed,
        stacks=stacks or {},
    )


def with_removed(table: TableData, changes: MapDiff, lost: RemovedRows) -> TableData:
    """Append the rows of removed mappings to a table.

    Args:
        table: Result of `build_table` for `changes`.
        changes: The snapshot, compared with its baseline; what a removed mapping had in the baseline, it lost.
        lost: The removed mappings.
    """
    if not len(lost.rows):
        return table
    mappings, before = lost.snapshot.mappings, changes.before
    ids, removed = lost.snapshot.ids[lost.rows], mappings.take(lost.rows)
    both = concatenate(replace(changes.after.mappings, strings=mappings.strings), removed)
    rows = find_rows(before.ids, ids)
    purposes = purposes_of(mappings)
    lost_kb, no_rate = _removed_amounts(before, rows, table.metric), np.zeros(len(ids), np.int64)
    return replace(
        table,
        ids=np.concatenate([table.ids, ids]),
        start=both.start,
        end=both.end,
        name=both.name,
        perms=both.perms,
        kind=np.concatenate([table.kind, kind_codes(removed)]),
        texts=both.strings,
        fields=both.fields,
        amounts=both.amounts,
        change=None if table.change is None else np.concatenate([table.change, lost_kb]),
        recent_change=None if table.recent_change is None else np.concatenate([table.recent_change, no_rate]),
        last_changed=np.concatenate([table.last_changed, lost.ticks]),
        gone=np.concatenate([table.gone, np.ones(len(ids), bool)]),
        mapping_count=np.ones(len(both), np.int64),
        purposes=table.purposes.with_rows(purposes, lost.rows),
        sources=(*table.sources, (mappings, purposes, lost.rows)),
    )


def static_table(mappings: Mappings, purposes: Purposes | None = None) -> TableData:
    """Build the table of a single reading, one row per mapping, without changes.

    Args:
        mappings: The reading.
        purposes: Purposes of the mappings; by default what their shapes say.
    """
    n = len(mappings)
    purposes = purposes or purposes_of(mappings)
    return TableData(
        ids=np.arange(n, dtype=np.int64),
        start=mappings.start,
        end=mappings.end,
        name=mappings.name,
        perms=mappings.perms,
        kind=all_kind_codes(mappings),
        texts=mappings.strings,
        fields=mappings.fields,
        amounts=mappings.amounts,
        metric="rss",
        change=None,
        recent_change=None,
        recent_seconds=None,
        last_changed=np.full(n, -1),
        gone=np.zeros(n, bool),
        mapping_count=np.ones(n, np.int64),
        purposes=purposes,
        sources=((mappings, purposes, np.arange(n)),),
    )


def _removed_amounts(before: MapSnapshot, rows: NDArray[np.intp], metric: Metric) -> Amounts:
    """Change of a metric of removed mappings: minus what they had in the baseline, 0 if they were not in it."""
    changes = np.zeros(len(rows), np.int64)
    column = sum_parts(metric, before.mappings.get)
    if column is not None:
        changes[rows >= 0] = -column[rows[rows >= 0]]
    return changes
