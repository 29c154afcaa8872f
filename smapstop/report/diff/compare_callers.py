"""Compare the page faults of two runs, or of two ranges of a recording, by function or call stack."""

from collections import Counter
from typing import Literal

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_stacks import BEYOND
from smapstop.model.callers.call_tree import counted_stacks
from smapstop.proc.callstack.frames import Frame
from smapstop.report.diff.caller_runs import CallerRun
from smapstop.report.diff.compare import BeforeAfter, Status
from smapstop.report.diff.limits import Limit
from smapstop.text.functions import function_text

CallerKey = Literal["function", "stack"]
"""What is compared: the functions that asked for memory, or they with all their callers."""
_Key = tuple[tuple[str | None, str, int], ...]
"""What makes frames of two runs the same: name and file without folders; without a name, the place."""


@dataclass(frozen=True, slots=True)
class CallerRow:
    """A function, or a call stack, that made page faults."""

    frames: tuple[Frame, ...]
    """Innermost first, as in the later run if it has it; with its line if all faults were on the same one."""
    status: Status
    before: int
    after: int

    @property
    def faults(self) -> BeforeAfter:
        """Number of faults in the two runs."""
        return BeforeAfter(self.before, self.after)


@dataclass(frozen=True, slots=True, eq=False)
class CallerDiff:
    """Page faults of two runs by who made them."""

    before: CallerRun
    after: CallerRun
    by: CallerKey
    rows: tuple[CallerRow, ...]
    """Those with the largest change first."""

    @property
    def total(self) -> BeforeAfter:
        """Number of all faults."""
        return BeforeAfter(*(int(run.faults.faults.sum()) for run in (self.before, self.after)))

    def rows_to_show(self, *, unchanged: bool) -> tuple[CallerRow, ...]:
        """Rows to show."""
        return tuple(row for row in self.rows if unchanged or row.status != "unchanged")


def diff_callers(before: CallerRun, after: CallerRun, by: CallerKey) -> CallerDiff:
    """Compare the page faults of two runs.

    Raises:
        SmapstopError: The functions of one of them are redacted.
    """
    if before.redaction != after.redaction:
        raise SmapstopError(
            "functions have numbers, not names (--redact)", "compare recordings that are not redacted"
        )
    sides = [_count(run, by) for run in (before, after)]
    rows = [_row(*(side.get(key) for side in sides)) for key in dict.fromkeys((*sides[1], *sides[0]))]
    return CallerDiff(before, after, by, tuple(sorted(rows, key=lambda row: -abs(row.after - row.before))))


_Counted = tuple[tuple[Frame, ...], int]


def _count(run: CallerRun, by: CallerKey) -> dict[_Key, _Counted]:
    """Count the faults of a run by who made them."""
    counts: Counter[_Key] = Counter()
    frames: dict[_Key, tuple[Frame, ...]] = {}
    for stack, count in counted_stacks(run.faults):
        chosen = stack[:1] if by == "function" else stack
        key = tuple(map(_identity, chosen))
        known = frames.setdefault(key, chosen)
        if known != chosen:
            frames[key] = tuple(map(_common, known, chosen))
        counts[key] += count
    return {key: (frames[key], count) for key, count in counts.most_common()}


def _identity(frame: Frame) -> tuple[str | None, str, int]:
    """What makes frames of two runs the same."""
    return frame.name, frame.file.rpartition("/")[2], 0 if frame.name else frame.offset


def _common(frame: Frame, other: Frame) -> Frame:
    """A frame for two of the same function."""
    return frame if frame.source == other.source else frame._replace(source=None)


def _row(before: _Counted | None, after: _Counted | None) -> CallerRow:
    """Build a row."""
    frames, _ = after or before or ((BEYOND,), 0)
    counts = before[1] if before else 0, after[1] if after else 0
    status: Status = "unchanged" if counts[0] == counts[1] else "changed"
    return CallerRow(frames, "new" if before is None else "gone" if after is None else status, *counts)


def find_exceeded_callers(diff: CallerDiff, limits: list[Limit]) -> list[tuple[Limit, BeforeAfter]]:
    """Find the limits that are exceeded, each with the numbers of faults that exceed it.

    Raises:
        SmapstopError: A limit is an amount of memory, or names a function that made no faults.
    """
    exceeded = []
    for limit in limits:
        if not limit.relative:
            raise SmapstopError(f"--fail-over {limit.text}: page faults are no amount", "give a percentage: 10%")
        total = diff.total if limit.name is None else _total_of(diff, limit.name)
        if limit.is_exceeded(total.before or 0, total.after or 0):
            exceeded.append((limit, total))
    return exceeded


def _total_of(diff: CallerDiff, name: str) -> BeforeAfter:
    """Number of the faults of a function."""
    rows = [row for row in diff.rows if name in (row.frames[0].name, function_text(row.frames[0]))]
    if not rows:
        raise SmapstopError(f"--fail-over {name}: no such function made page faults", "--all lists all")
    return BeforeAfter(sum(row.before for row in rows), sum(row.after for row in rows))
