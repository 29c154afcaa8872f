"""Text of the family over time: one line for each process, on one axis and one scale."""

from collections.abc import Collection, Sequence

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.family_table import MemberRow
from smapstop.model.view.view import View
from smapstop.text.family import FamilyMoment, member_title, metric_format, values_over_time
from smapstop.text.sparkline import sparkline


@dataclass(frozen=True, slots=True)
class MemberCurve:
    """One process over time."""

    title: str
    pid: int
    curve: str
    """A glyph for each cell of time."""
    amount: str
    """Amount of the metric at the end."""
    is_gone: bool
    has_cursor: bool


def member_curves(
    moment: FamilyMoment, rows: Sequence[MemberRow], window_ns: tuple[int, int], cells: int, current: int
) -> list[MemberCurve]:
    """Curves of members, on one scale, with their amounts at a moment.

    Args:
        moment: The moment.
        rows: The members.
        window_ns: Begin and end of the curves, monotonic clock, ns.
        cells: Cells of time.
        current: Pid of the member under the cursor.
    """
    if not rows or cells < 1:
        return []
    unit = metric_format(moment)
    values = values_over_time(rows, moment.metric, *window_ns, cells)
    return [
        MemberCurve(
            title=member_title(row.history),
            pid=row.pid,
            curve=curve,
            amount=unit.text(row.history.value_at(moment.metric, moment.at_ns)),
            is_gone=row.is_gone,
            has_cursor=row.pid == current,
        )
        for row, curve in zip(rows, sparkline(values, common_scale=True), strict=True)
    ]


def choose_curves(rows: Sequence[MemberRow], most: int, first: Collection[int]) -> list[MemberRow]:
    """Choose the members to show over time, in their order.

    Args:
        rows: The members.
        most: Number of members that there is room for.
        first: Pids of those that come before others.
    """
    ranked = sorted(range(len(rows)), key=lambda at: (rows[at].pid not in first, rows[at].is_gone, at))
    return [rows[at] for at in sorted(ranked[: max(0, most)])]


def begin_of_curves(view: View, at_ns: int) -> int:
    """Begin of the curves that end at a moment, maybe after the end of the process; monotonic clock, ns."""
    window, span_s = view.window, view.state.span_s
    if window.is_sliding:
        return at_ns - (window.end_ns - window.begin_ns)
    return window.begin_ns if span_s is None else max(window.begin_ns, at_ns - span_s * 1_000_000_000)
