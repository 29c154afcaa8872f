"""Text of a process's threads: their CPU time, and the mappings that their stacks are in."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, get_args

from smapstop.lazy_dataclass import dataclass
from smapstop.model.protocol import ThreadsReply
from smapstop.model.tick import ThreadStack
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.units import AUTO, UnitFormat, unit_format_of

ThreadOrder = Literal["cpu", "stack", "name", "tid"]
"""What threads can be sorted by."""
THREAD_ORDERS: tuple[ThreadOrder, ...] = get_args(ThreadOrder)


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """A thread; None for what is not known."""

    tid: int
    name: str
    state: str
    """A letter; empty if it is not known."""
    cpu: float | None
    """CPU time since the reading before, as a share of one CPU."""
    mapping: int | None
    """Id of the mapping that its stack is in."""
    stack: str = ""
    """Name of that mapping, or its address if it has none."""
    size_kb: int | None = None
    rss_kb: int | None = None
    """Resident memory of that mapping, kB."""
    sharers: int = 1
    """Threads whose stacks are in that mapping: more than one in a heap that holds stacks."""


def thread_rows(
    reply: ThreadsReply, previous: ThreadsReply | None, snapshot: MapSnapshot, clock_ticks: int
) -> list[ThreadRow]:
    """Rows of the threads that were read.

    Args:
        reply: The reading.
        previous: The reading before; None for none.
        snapshot: The map at that time.
        clock_ticks: Clock ticks per second.
    """
    before = {} if previous is None else dict(zip(previous.tids, previous.cpu_ticks, strict=True))
    seconds = 0.0 if previous is None else (reply.monotonic_ns - previous.monotonic_ns) / 1e9
    sharers = Counter(reply.stacks)
    rows = []
    for tid, name, state, ticks, stack in zip(
        reply.tids, reply.names, reply.states, reply.cpu_ticks, reply.stacks, strict=True
    ):
        used = ticks - before[tid] if tid in before and seconds > 0 else None
        cpu = None if used is None else max(0, used) / clock_ticks / seconds
        row = ThreadRow(tid, name, state, cpu, None if stack < 0 else stack, sharers=sharers[stack])
        rows.append(_with_stack(row, snapshot))
    return rows


def recorded_thread_rows(stacks: Mapping[int, ThreadStack], snapshot: MapSnapshot) -> list[ThreadRow]:
    """Rows of the threads whose stacks were known at a tick: all that is recorded."""
    return [
        _with_stack(ThreadRow(stack.tid, stack.name, "", None, mapping, sharers=stack.threads), snapshot)
        for mapping, stack in stacks.items()
    ]


def _with_stack(row: ThreadRow, snapshot: MapSnapshot) -> ThreadRow:
    """A row with what is known of the mapping that its stack is in."""
    at = None if row.mapping is None else snapshot.row_of(row.mapping)
    if at is None:
        return replace(row, mapping=None)
    mappings = snapshot.mappings
    start, end = int(mappings.start[at]), int(mappings.end[at])
    rss = int(mappings.amounts[mappings.fields.index("rss"), at]) if "rss" in mappings.fields else None
    return replace(
        row,
        stack=mappings.name_of(at) or f"{start:x}",
        size_kb=(end - start) >> 10,
        rss_kb=rss,
    )


def sort_threads(rows: Iterable[ThreadRow], order: ThreadOrder) -> list[ThreadRow]:
    """Sort rows: the most CPU time or resident stack first, names and ids from the start; unknown ones last."""

    def key(row: ThreadRow) -> tuple[float, float, str, int]:
        cpu, stack = -(row.cpu or 0.0), -(row.rss_kb or 0)
        match order:
            case "cpu":
                return cpu, stack, "", row.tid
            case "stack":
                return stack, cpu, "", row.tid
            case "name":
                return 0, 0, row.name, row.tid
            case "tid":
                return 0, 0, "", row.tid

    return sorted(rows, key=key)


@dataclass(frozen=True, slots=True)
class ThreadColumn:
    """A column of the list."""

    title: str
    width: int
    right: bool
    order: ThreadOrder | None
    """What a click on its title sorts by."""


THREAD_COLUMNS = (
    ThreadColumn("TID", 8, right=True, order="tid"),
    ThreadColumn("Thread", 16, right=False, order="name"),
    ThreadColumn("S", 1, right=False, order=None),
    ThreadColumn("CPU", 7, right=True, order="cpu"),
    ThreadColumn("Stack", 7, right=True, order="stack"),
    ThreadColumn("of", 7, right=True, order=None),
    ThreadColumn("in", 28, right=False, order=None),
)
"""Columns of the list; "Stack" is resident, "of" the size of the mapping."""


@dataclass(frozen=True, slots=True)
class StackFormat:
    """Formats of the memory of stacks."""

    rss: UnitFormat = AUTO
    size: UnitFormat = AUTO

    @property
    def columns(self) -> tuple[ThreadColumn, ...]:
        """The columns, with the unit in the titles and room for its numbers."""
        amounts = {"Stack": self.rss, "of": self.size}
        return tuple(
            replace(column, title=f"{column.title} {unit.sign}".rstrip(), width=unit.cells)
            if (unit := amounts.get(column.title)) is not None
            else column
            for column in THREAD_COLUMNS
        )


def stack_format_of(view: View) -> StackFormat:
    """Formats of the memory of stacks in the unit of a view; shares are of the process's totals."""
    return StackFormat(unit_format_of(view, "rss"), unit_format_of(view, "size"))


_IN_AUTO = StackFormat()


def thread_cells(row: ThreadRow, formats: StackFormat = _IN_AUTO) -> tuple[str, ...]:
    """Texts of a row, one for each of `THREAD_COLUMNS`."""
    unknown = "running: not read" if row.state == "R" else "not found yet"
    place = fmt.printable(row.stack) if row.mapping is not None else unknown
    shared = f" ({row.sharers} threads)" if row.mapping is not None and row.sharers > 1 else ""
    return (
        str(row.tid),
        fmt.printable(row.name),
        row.state or fmt.UNKNOWN,
        fmt.percent(row.cpu),
        formats.rss.amount(row.rss_kb),
        formats.size.amount(row.size_kb),
        place + shared,
    )
