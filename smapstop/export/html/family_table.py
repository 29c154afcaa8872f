"""The table of the family: every process, and how its memory moved."""

from collections.abc import Sequence

import numpy as np

from smapstop.export.html.recorded_run import RecordedRun
from smapstop.export.html.svg_paths import spark_path
from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.family_log import FamilyLog, MemberHistory
from smapstop.model.family.family_table import MemberRow, family_table
from smapstop.proc.columns import ABSENT
from smapstop.text import format as fmt
from smapstop.text.family import FamilyMoment, MemberText, family_title, member_texts

MAX_MEMBERS = 200
_SPARK_CELLS = 60
_PEAK_POINTS = 500
_LEAST_GROWTH_KB = 1024
"""Growth of another process that is worth a sentence."""


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A process with its history."""

    text: MemberText
    history: str
    """Path data of its Pss; empty if it did not change."""
    shares: tuple[float, float, float]
    """Memory that is its own, shared within the family, shared with others: percent of the largest member's."""


@dataclass(frozen=True, slots=True)
class FamilySection:
    """The family when it had most memory; at the end its members may have ended."""

    when: str
    title: str
    members: tuple[MemberLine, ...]
    left_out: int
    """Members that are left out."""
    grower: str
    """Which other process grew most, if it grew more than the one that the report is about; empty if none."""


def family_section(run: RecordedRun) -> FamilySection | None:
    """Build the table of the family of a run; None if it was not recorded."""
    last = run.family.last
    if last is None:
        return None
    begin_ns, end_ns = run.family.first_tick_ns, last.monotonic_ns
    peak_ns = _peak_ns(run.family, begin_ns, end_ns)
    moment = FamilyMoment(family_table(run.family, peak_ns, begin_ns, "pss"), peak_ns, begin_ns, "pss", {})
    rows = moment.table.rows[:MAX_MEMBERS]
    texts = member_texts(moment, rows, 0)
    largest = max((sum(text.shares) for text in texts), default=0) or 1
    members = tuple(
        MemberLine(text, _history(row.history, begin_ns, end_ns), _percents(text, largest))
        for text, row in zip(texts, rows, strict=True)
    )
    when = fmt.clock(run.family.first_wall_ns + peak_ns - begin_ns)
    left_out = len(moment.table.rows) - len(rows)
    return FamilySection(when, family_title(moment), members, left_out, _grower_text(run, members, rows))


def _grower_text(run: RecordedRun, members: Sequence[MemberLine], rows: Sequence[MemberRow]) -> str:
    """Name the process whose own memory grew most, where it is another one that grew more than the run's."""
    grown = [(_own_growth(row.history), line.text) for line, row in zip(members, rows, strict=True)]
    (first, last), text = max(grown, key=lambda each: each[0][1] - each[0][0], default=((0, 0), None))
    if text is None or text.pid == str(run.target.pid) or last - first < _LEAST_GROWTH_KB:
        return ""
    amounts = fmt.long_amount(first), fmt.long_amount(last), fmt.long_amount(last - first)
    return "Of its family, {} {} grew most: Uss from {} to {}, by {}.".format(text.title, text.pid, *amounts)


def _own_growth(history: MemberHistory) -> tuple[int, int]:
    """Memory of a member alone, at first and at last, kB; nothing if it is not known."""
    known = history.series("uss")[history.series("uss") != ABSENT]
    return (int(known[0]), int(known[-1])) if len(known) else (0, 0)


def _peak_ns(family: FamilyLog, begin_ns: int, end_ns: int) -> int:
    """When the members had most Pss together, monotonic clock, ns; of several times, the last."""
    times_ns = np.linspace(begin_ns, end_ns, _PEAK_POINTS).astype(np.int64)
    total = np.zeros(len(times_ns), np.int64)
    for member in family.members:
        if len(member.times_ns):
            points = np.searchsorted(member.times_ns, times_ns, side="right") - 1
            is_there = (points >= 0) & (times_ns < (end_ns + 1 if member.gone_ns is None else member.gone_ns))
            total += np.where(is_there, np.maximum(member.series("pss")[np.maximum(points, 0)], 0), 0)
    return int(times_ns[len(total) - 1 - int(total[::-1].argmax())])


def _percents(text: MemberText, largest: int) -> tuple[float, float, float]:
    """Shares of a member in percent."""
    own, family, others = (round(100 * kb / largest, 2) for kb in text.shares)
    return own, family, others


def _history(history: MemberHistory, begin_ns: int, end_ns: int) -> str:
    """Path data of the Pss of a member over the time of the family."""
    if not len(history.times_ns):
        return ""
    times_ns = np.linspace(begin_ns, end_ns, _SPARK_CELLS)
    points = np.searchsorted(history.times_ns, times_ns, side="right") - 1
    known = history.series("pss")[np.maximum(points, 0)]
    values = np.where((points >= 0) & (known != ABSENT), known, np.nan).astype(np.float64)
    present = values[~np.isnan(values)]
    return spark_path(values) if len(present) and (present != present[0]).any() else ""
