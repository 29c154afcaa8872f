"""Text of the detail of one mapping: title, facts, every field compared, flags."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.mapping_history import MappingHistory, MappingState
from smapstop.model.history.time_window import TimeWindow
from smapstop.model.kinds import SHARED_ANONYMOUS, Kind
from smapstop.model.labels import Label
from smapstop.model.own_changes import SHARING_FIELDS, most_own_kb
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.totals import hugetlb_kb
from smapstop.model.view.view import View
from smapstop.proc.added_fields import HIDDEN_FIELDS, MEMORY_FILESYSTEM
from smapstop.proc.columns import ABSENT, DELETED_SUFFIX
from smapstop.proc.fields import EXTERNALLY_DRIVEN, FIELD_BY_NAME, VM_FLAGS
from smapstop.text import format as fmt
from smapstop.text.lifecycle import ago_text, end_text
from smapstop.text.sparkline import sparkline
from smapstop.text.units import AUTO, UnitFormat

UnitOf = Callable[[str], UnitFormat]
"""Format of the amounts of a field."""
_MOVED_BY_OTHERS = EXTERNALLY_DRIVEN.union(SHARING_FIELDS)


@dataclass(frozen=True, slots=True)
class ComparedTicks:
    """Ticks that the detail compares."""

    number: int
    """Tick whose state is shown: that of the view, or the nearest one at which the mapping existed."""
    before: int
    """Tick that it is compared with."""
    rate_since: int
    """Tick since which rates count."""
    seconds: float | None
    """Seconds since then; None when there is no rate."""
    notice: str
    """Why this is not the state at the tick of the view; empty when it is."""
    window: TimeWindow
    """Window of time of the histories."""
    previous_run_snapshot: MapSnapshot | None = None
    """Snapshot of an earlier run to compare with instead of `before`."""
    overdue_ns: int = 0
    """How long the tick shown has been over, ns, if the next one is overdue; see `View`."""


def compared_ticks(history: MappingHistory, view: View) -> ComparedTicks:
    """Choose the ticks to compare for a view; the mapping may be gone by then, or not mapped yet."""
    number, before = view.snapshot.tick.number, view.diff.before.tick.number
    if number < history.first_tick:
        notice = f"not mapped yet; showing its first sample, at {fmt.clock(history.tick_of(0).wall_ns)}"
        return ComparedTicks(history.first_tick, history.first_tick, history.first_tick, None, notice, view.window)
    if history.gone_tick is not None and number >= history.gone_tick:
        last = history.gone_tick - 1
        before = last - 1 if view.previous_run or view.state.baseline == "previous" else min(before, last)
        return ComparedTicks(last, max(0, before), 0, None, end_text(history), view.window)
    missing = fmt.printable(view.snapshot.tick.missing)
    notice = f"not read at this tick: {missing}" if missing else ""
    previous = view.diff.before if view.previous_run else None
    rate_since = view.recent.before.tick.number
    seconds, window = view.table.recent_seconds, view.window
    return ComparedTicks(number, before, rate_since, seconds, notice, window, previous, view.overdue_ns)


# the title


def title_of(state: MappingState, label: Label | None) -> tuple[Kind, str]:
    """Kind and full name; a file with its likely section, memory without a name with its address.

    Args:
        state: The mapping.
        label: Purpose of a mapping without a name.
    """
    name = state.name or f"{label or 'anon'} {state.start:x}"
    return state.kind, fmt.printable(f"{name} {state.section}".strip())


def facts_of(state: MappingState, unit: UnitFormat = AUTO) -> list[str]:
    """First line of the smaps entry in words: permissions, addresses, size, file offset, device."""
    rows, row = state.rows, state.row
    facts = [f"{state.perms} · {perms_text(state.perms)}", state.address_range, _size_text(state, unit)]
    if rows.inode[row]:
        of_file = state.kind is Kind.FILE or state.section
        facts.append(f"{'file offset' if of_file else 'offset'} 0x{int(rows.offset[row]):x}")
        facts.append(f"device {rows.string_at(rows.device, row)} inode {int(rows.inode[row])}")
    in_memory = rows.get(MEMORY_FILESYSTEM)
    if in_memory is not None and in_memory[row] == 1:
        facts.append("on a file system in memory, such as tmpfs")
    hugetlb = hugetlb_kb({name: int(column[row]) for name, column in zip(rows.fields, rows.amounts, strict=True)})
    if hugetlb:
        facts.append(f"{unit.text(hugetlb)} of hugetlb memory, which is not in Rss")
    if state.name == SHARED_ANONYMOUS:
        facts.append("shared anonymous memory, for which the kernel prints /dev/zero (deleted): no file was deleted")
    elif state.name.endswith(DELETED_SUFFIX) and (state.kind is Kind.FILE or state.section):
        facts.append("deleted: the file has been removed or replaced")
    return facts


def _size_text(state: MappingState, unit: UnitFormat) -> str:
    """Size, also in pages if the page size is known."""
    column = state.rows.get("kernel_page_size")
    page_kb = int(column[state.row]) if column is not None else 0
    if page_kb <= 0:
        return unit.text(state.size_kb)
    if unit.units == "pages":
        return fmt.pages_text(state.size_kb // page_kb)
    return f"{unit.text(state.size_kb)} = {fmt.pages_text(state.size_kb // page_kb)}"


def perms_text(perms: str) -> str:
    """Permissions in words: "read, write, private (CoW)"."""
    words = [word for letter, word in (("r", "read"), ("w", "write"), ("x", "execute")) if letter in perms]
    return ", ".join([*(words or ["no access"]), "shared" if "s" in perms else "private (CoW)"])


def flags_of(state: MappingState) -> list[tuple[str, str]]:
    """Codes of the VmFlags line with their meaning; empty for a code unknown to smapstop."""
    return [(fmt.printable(code), VM_FLAGS.get(code, "")) for code in state.flags]


# the fields


@dataclass(frozen=True, slots=True)
class FieldWidths:
    """Widths of the columns of the field table in cells; a column of width 0 is left out."""

    before: int
    after: int
    delta: int
    rate: int
    history: int
    last: int
    label: int


def field_widths(width: int) -> FieldWidths:
    """Lay out the columns of a table of `width` cells; the history takes what is left, if that is at least 6.

    On a narrow terminal the rate is dropped first, then the change, then the value before: numbers are never cut.
    """
    last, after, delta = (19, 11, 11) if width >= 100 else (0, 9, 8)
    rate = 11 if width >= 62 else 0
    if width < 51:
        delta = 0
    before = min(13, width - 30) if width >= 39 else 0
    label = min(15, width - after - 3)
    room = width - sum((label, before, after, delta, rate, last)) - 9
    return FieldWidths(before, after, delta, rate, min(room, 60) if room >= 6 else 0, last, label)


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of the mapping, before and after."""

    name: str
    label: str
    before: str
    after: str
    delta: str
    rate: str
    history: str
    last: str
    """The last change, and how long ago it was."""
    amount: float
    """Value after, kB; NaN if unknown."""
    change: float
    """Change since the baseline, kB; NaN if unknown."""
    age: int | None
    """Ticks since it last changed; None if it never did."""
    zero: bool
    """Whether it has always been 0."""
    constant: bool
    """Whether it has never changed."""
    by_others: bool
    """Whether it changed because others mapped or unmapped the same pages, or the kernel aged them: now, or last."""


def field_rows(
    history: MappingHistory, ticks: ComparedTicks, widths: FieldWidths, unit_of: UnitOf = lambda _: AUTO
) -> list[FieldRow]:
    """Rows for every field that the kernel prints for the mapping, in the kernel's order, with the format of each."""
    step = history.step_at(ticks.number)
    before, after, change = compare_fields(history, ticks)
    recent = after - np.nan_to_num(history.amounts(np.array([ticks.rate_since]))[:, 0])
    others = _changed_by_others(history, ticks, before, after)
    ever, last = history.last_changes(len(history.states) - 1) > 0, history.last_changes(step)
    was_read = ticks.window.cells_read(widths.history, ticks.number) if widths.history else None
    histories = sparkline(history.amounts(_history_ticks(ticks, widths.history)), was_read)
    rows = []
    for at, name in enumerate(history.fields):
        was, now, delta = float(before[at]), float(after[at]), float(change[at])
        if name in HIDDEN_FIELDS or (now != now and not ever[at]):
            continue
        unit = unit_of(name)
        last_text, age = _last_change(history, ticks, name, int(last[at]), unit)
        last_by_others = name in _MOVED_BY_OTHERS and last[at] != history.last_visible_change(int(last[at]))
        if last_by_others:
            age = None
        rows.append(
            FieldRow(
                name=name,
                label=fmt.clip(field_label(name), widths.label),
                before=exact_amount(was, widths.before, unit),
                after=exact_amount(now, widths.after, unit),
                delta=exact_change(delta, widths.delta, unit),
                rate=_rate(name, float(recent[at]), ticks.seconds, unit),
                history=histories[at],
                last=last_text,
                amount=now,
                change=delta,
                age=age,
                zero=now == 0 and not ever[at],
                constant=not ever[at],
                by_others=others[at] or (last_by_others and not delta),
            )
        )
    return rows


def compare_fields(
    history: MappingHistory, ticks: ComparedTicks
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Every field before, after, and its change, kB; a mapping that did not exist before counts as 0."""
    if ticks.previous_run_snapshot is None:
        before, after = history.amounts(np.array([ticks.before, ticks.number])).T
        return before, after, after if ticks.before < history.first_tick else after - before
    after = history.amounts(np.array([ticks.number]))[:, 0]
    row = ticks.previous_run_snapshot.row_of(history.mapping)
    if row is None:
        return np.full(len(after), np.nan), after, after
    columns = [ticks.previous_run_snapshot.mappings.get(name) for name in history.fields]
    before = np.array([ABSENT if column is None else column[row] for column in columns], np.float64)
    before[before == ABSENT] = np.nan
    return before, after, after - before


def _changed_by_others(
    history: MappingHistory, ticks: ComparedTicks, before: NDArray[np.float64], after: NDArray[np.float64]
) -> list[bool]:
    """Whether the process itself cannot have caused the change of each field."""
    if ticks.previous_run_snapshot is not None:
        return [False] * len(before)
    known = [at for at, name in enumerate(history.fields) if before[at] == before[at] and after[at] == after[at]]
    was, now = ({history.fields[at]: side[[at]] for at in known} for side in (before, after))
    most_kb = float(most_own_kb(was, now)[0]) if known else 0.0
    unmoved = history.last_visible_change(history.step_at(ticks.number)) <= history.step_at(ticks.before)
    return [
        at in known
        and (
            abs(after[at] - before[at]) > most_kb if name in SHARING_FIELDS else name in EXTERNALLY_DRIVEN and unmoved
        )
        for at, name in enumerate(history.fields)
    ]


def _last_change(
    history: MappingHistory, ticks: ComparedTicks, name: str, step: int, unit: UnitFormat
) -> tuple[str, int | None]:
    """Text of the last change of a field, at `step`, and its age in ticks; empty and None at step 0."""
    if not step:
        return "", None
    was, now = history.field(name, step)[-2:].tolist()
    when = history.tick_of(step)
    ago = ago_text(when, history.timeline.header(ticks.number), ticks.overdue_ns)
    return f"{exact_change(now - was, 11, unit)} · {ago}", ticks.number - when.number


def _history_ticks(ticks: ComparedTicks, width: int) -> NDArray[np.int64]:
    """Ticks that the glyphs of a history show; negative ones are not to be seen."""
    return ticks.window.samples(width, ticks.number) if width else np.zeros(0, np.int64)


def field_label(name: str) -> str:
    """The kernel's label of a field; the field's name if smapstop does not know it."""
    return FIELD_BY_NAME[name].label if name in FIELD_BY_NAME else fmt.printable(name)


def field_help(name: str) -> str:
    """Explanation of what a field counts."""
    return FIELD_BY_NAME[name].help if name in FIELD_BY_NAME else "Unknown to smapstop: see proc(5) of this kernel."


def exact_amount(kb: float, width: int, unit: UnitFormat = AUTO) -> str:
    """Format an amount, kB, with all digits, by default as the kernel prints it; rounded if it does not fit."""
    if kb != kb:
        return fmt.UNKNOWN
    text = f"{kb:,.0f}" if unit.units == "auto" else unit.amount(kb)
    return text if len(text) <= width else fmt.amount(kb)


def exact_change(kb: float, width: int, unit: UnitFormat = AUTO) -> str:
    """Format a change, kB, with all digits and its sign; "·" for 0, rounded if it does not fit."""
    if not kb or kb != kb:
        return fmt.signed(kb)
    text = f"{'+' if kb > 0 else '−'}{abs(kb):,.0f}" if unit.units == "auto" else unit.signed(kb)
    return text if len(text) <= width else fmt.signed(kb)


def _rate(name: str, delta: float, seconds: float | None, unit: UnitFormat) -> str:
    """Format the rate of a change; empty for a field without a unit."""
    if name in FIELD_BY_NAME and not FIELD_BY_NAME[name].unit:
        return ""
    if not delta or delta != delta:
        return fmt.signed(delta)
    return f"{unit.signed(delta / seconds)}/s" if seconds else fmt.UNKNOWN


def flow(texts: Sequence[str], width: int, between: str = "   ") -> list[str]:
    """Flow texts into as many lines as they need; a text longer than a line is cut."""
    lines: list[str] = []
    for text in texts:
        if lines and fmt.cell_width(lines[-1]) + len(between) + fmt.cell_width(text) <= width:
            lines[-1] += between + text
        else:
            lines.append(fmt.clip(text, width))
    return lines
