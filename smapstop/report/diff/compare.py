"""Compare two runs: which mappings grew, shrank, are new or gone, and whether limits are exceeded."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.compare.address_comparison import compare_addresses
from smapstop.model.compare.group_comparison import GroupComparison, GroupSums, MatchKey, compare_groups
from smapstop.model.kinds import Kind
from smapstop.model.totals import SUMMED_FIELDS
from smapstop.proc.columns import ABSENT, Amounts
from smapstop.proc.fields import FIELDS
from smapstop.report.diff.inputs import DEFAULT_METRICS, ComparedRun
from smapstop.report.diff.limits import Limit

Status = Literal["new", "gone", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """An amount before and after; None if the kernel did not print it."""

    before: int | None
    after: int | None

    @property
    def change(self) -> int | None:
        """Change of the amount; None if either side is unknown."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A group of mappings matched between the runs, or one that only one of them has."""

    group: int
    """Its number in the `GroupComparison`."""
    name: str
    kind: Kind
    perms: str
    """Permissions of a part of a file; else empty."""
    offset: int
    """File offset of a part of a file, bytes; else 0."""
    status: Status
    """Whether the group is new or gone, or its metric changed."""
    mapping_count: BeforeAfter
    """Number of mappings in the group."""
    amount: BeforeAfter
    """The metric, kB."""


@dataclass(frozen=True, slots=True, eq=False)
class Diff:
    """Comparison of two runs."""

    before: ComparedRun
    after: ComparedRun
    by: MatchKey
    metric: str
    """Name of a field or of a sum, such as `uss+swap`."""
    groups: GroupComparison
    rows: tuple[DiffRow, ...]
    """Rows to show, largest change of the metric first."""
    notes: tuple[str, ...] = ()
    """What the user should know."""

    def sum_of(self, name: str, groups: Sequence[int] | None = None) -> BeforeAfter:
        """Total of a field, or of one of `SUMMED_FIELDS`, over some groups or all of them, kB."""
        return BeforeAfter(*(_sum(side, name, groups) for side in (self.groups.before, self.groups.after)))


_KNOWN_FIELDS = tuple(field.name for field in FIELDS if field.in_mapping and not field.is_property)


def diff_runs(
    before: ComparedRun, after: ComparedRun, by: MatchKey, metric: str | None = None, *, unchanged: bool
) -> Diff:
    """Compare two runs.

    Args:
        before: The first run.
        after: The second run.
        by: How mappings are matched.
        metric: Field to compare, or a sum; by default the first of `DEFAULT_METRICS` that both have.
        unchanged: Whether to include groups whose metric did not change.

    Raises:
        SmapstopError: No such metric, or a kernel did not print it; file names are redacted and do not match; or the
            runs are of two processes, and `by` is address.
    """
    if before.redaction != after.redaction and by != "kind":
        files = " and ".join(repr(run.file) for run in (before, after) if run.redaction)
        raise SmapstopError(f"the files in {files} have numbers, not names (--redact)", "compare --by kind")
    groups = _match(before, after, by)
    metric, notes = (metric, ()) if metric else _choose_metric(groups, before, after)
    columns = [_column(groups, side, run, metric) for side, run in ((groups.before, before), (groups.after, after))]
    rows = (_row(groups, columns, group) for group in _largest_change_first(*columns))
    shown = tuple(row for row in rows if unchanged or row.status != "unchanged")
    return Diff(before, after, by, metric, groups, shown, (*before.notes, *after.notes, *notes))


def _match(before: ComparedRun, after: ComparedRun, by: MatchKey) -> GroupComparison:
    """Match the mappings of the runs.

    Raises:
        SmapstopError: They are of two processes, and addresses would be compared.
    """
    if by != "address":
        return compare_groups(before.mappings, after.mappings, by)
    if before.pid and after.pid and before.pid != after.pid:
        what = f"--by address compares one process, and these are {before.pid} and {after.pid}"
        raise SmapstopError(what, "compare --by name")
    groups = compare_addresses(before.mappings, after.mappings)
    if groups is None:
        raise SmapstopError("--by address compares one process, and these are two", "compare --by name")
    return groups


def _choose_metric(groups: GroupComparison, before: ComparedRun, after: ComparedRun) -> tuple[str, tuple[str, ...]]:
    """Choose the default metric, and say why it is not the first one."""
    sides = (groups.before, before), (groups.after, after)
    for metric in DEFAULT_METRICS:
        if all(side.get(metric) is not None for side, _ in sides):
            break
    preferred = DEFAULT_METRICS[0]
    if metric == preferred:
        return metric, ()
    lacking = [(run, part) for side, run in sides for part in preferred.split("+") if side.get(part) is None]
    run, part = lacking[0]
    return metric, (f"{run.file!r} has no {part}: compared by {metric}",)


def diff_field_names(groups: GroupComparison) -> tuple[str, ...]:
    """Names of all known fields, of the summed fields, and of unknown fields that a kernel printed."""
    return tuple(dict.fromkeys([*_KNOWN_FIELDS, *SUMMED_FIELDS, *groups.before.fields, *groups.after.fields]))


def _column(groups: GroupComparison, side: GroupSums, run: ComparedRun, metric: str) -> Amounts:
    """Metric of each group on one side, kB.

    Raises:
        SmapstopError: No such metric, or this kernel did not print it.
    """
    column = side.get(metric)
    if column is not None:
        return column
    names = diff_field_names(groups)
    unknown = next((part for part in metric.split("+") if part not in names), None)
    if unknown is not None:
        raise SmapstopError(f"no metric {unknown!r}", f"the metrics are {', '.join(names)}, and sums: uss+swap")
    both = [name for name in names if all(each.get(name) is not None for each in (groups.before, groups.after))]
    remedy = f"both have {', '.join(both)}" if both else "save /proc/PID/smaps, not maps"
    raise SmapstopError(f"the kernel of {run.file!r} did not print {metric}", remedy)


def _largest_change_first(before: Amounts, after: Amounts) -> list[int]:
    """Order groups by the size of their change; equal ones with growth first, then alphabetically."""
    change = np.where((before == ABSENT) | (after == ABSENT), 0, after - before)
    order: list[int] = np.lexsort((change < 0, -np.abs(change))).tolist()
    return order


def _row(groups: GroupComparison, columns: Sequence[Amounts], group: int) -> DiffRow:
    """Build the row of a group."""
    mapping_count = BeforeAfter(int(groups.before.mapping_count[group]), int(groups.after.mapping_count[group]))
    amount = BeforeAfter(*(_none_if_absent(int(column[group])) for column in columns))
    status: Status = "unchanged" if amount.before == amount.after else "changed"
    if not mapping_count.before:
        status = "new"
    elif not mapping_count.after:
        status = "gone"
    return DiffRow(
        group=group,
        name=groups.names[group],
        kind=groups.kinds[group],
        perms=groups.perms[group],
        offset=groups.offsets[group],
        status=status,
        mapping_count=mapping_count,
        amount=amount,
    )


def _none_if_absent(kb: int) -> int | None:
    """Convert `ABSENT` to None."""
    return None if kb == ABSENT else kb


def _sum(side: GroupSums, name: str, groups: Sequence[int] | None) -> int | None:
    """Sum a field over some groups, kB; None if none of them has it."""
    column = side.get(name)
    if column is None:
        return None
    printed = column if groups is None else column[groups]
    printed = printed[printed != ABSENT]
    return int(printed.sum()) if len(printed) else None


def find_exceeded(diff: Diff, limits: Iterable[Limit]) -> list[tuple[Limit, BeforeAfter]]:
    """Find the limits that are exceeded, each with the amounts that exceed it.

    Raises:
        SmapstopError: A limit names a mapping that neither run has, or an ambiguous one; or the kernel did not print
            the metric.
    """
    exceeded = []
    for limit in limits:
        total = diff.sum_of(diff.metric, None if limit.name is None else _groups_named(diff, limit.name))
        if total.before is None or total.after is None:
            raise SmapstopError(f"--fail-over {limit.name}: its kernel did not print {diff.metric}")
        if limit.is_exceeded(total.before, total.after):
            exceeded.append((limit, total))
    return exceeded


def _groups_named(diff: Diff, name: str) -> list[int]:
    """Find the groups with a name, given in full or as the base name of a path.

    Raises:
        SmapstopError: There is none, or the name is ambiguous.
    """
    names = diff.groups.names
    groups = [group for group, full in enumerate(names) if name in (full, full.rpartition("/")[2])]
    several = sorted({names[group] for group in groups})
    if len(several) > 1:
        raise SmapstopError(f"--fail-over {name}: it may be {' or '.join(several)}", "give the full path")
    if not groups:
        near = difflib.get_close_matches(name, {full.rpartition("/")[2] for full in names}, n=1)
        remedy = f"did you mean {near[0]}?" if near else "--all lists all names"
        raise SmapstopError(f"--fail-over {name}: neither run has it", remedy)
    return groups
