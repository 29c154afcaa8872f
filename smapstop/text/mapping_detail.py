"""What the detail of one mapping says, as text: where it is, every field compared, its flags. No Textual here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.history.mapping_history import MappingHistory, MappingState
from smapstop.model.kinds import Kind, kind_of, likely_section
from smapstop.model.labels import Label
from smapstop.model.tick import Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.view.view import View
from smapstop.proc.columns import ABSENT, DELETED_SUFFIX
from smapstop.proc.fields import FIELD_BY_NAME, VM_FLAGS
from smapstop.text import format as fmt
from smapstop.text.lifecycle import ago_text, end_text
from smapstop.text.sparkline import sparkline
from smapstop.text.table_rows import HISTORY_TICKS, history_step


@dataclass(frozen=True, slots=True)
class ComparedTicks:
    """Which ticks the detail compares."""

    number: int
    """The tick whose state is shown: the scene's, or the nearest one at which the mapping was there."""
    before: int
    """The tick that it is compared with."""
    seconds: float | None
    """What to divide changes by for a rate; None when there is no rate."""
    notice: str
    """Why this is not how the mapping is at the scene's moment; empty when it is."""
    previous_run_snapshot: MapSnapshot | None = None
    """The moment of an earlier run that it is compared with instead."""


def compared_ticks(history: MappingHistory, view: View) -> ComparedTicks:
    """What to compare for a scene; the mapping may be gone by then, or not be there yet."""
    number, before = view.snapshot.tick.number, view.diff.before.tick.number
    if number < history.first_tick:
        begins = fmt.clock(history.tick_of(0).wall_ns)
        return ComparedTicks(
            history.first_tick, history.first_tick, None, f"not mapped yet; below is how it begins at {begins}"
        )
    if history.gone_tick is not None and number >= history.gone_tick:
        last = history.gone_tick - 1
        before = last - 1 if view.previous_run or view.state.baseline == "previous" else min(before, last)
        return ComparedTicks(last, max(0, before), None, end_text(history))
    missing = fmt.printable(view.snapshot.tick.missing)
    notice = f"not read this time: {missing}" if missing else ""
    return ComparedTicks(number, before, view.table.seconds, notice, view.diff.before if view.previous_run else None)


# the title


def title_of(state: MappingState, label: Label | None) -> tuple[Kind, str]:
    """The kind and the full name; of a file with the part that it probably is, of nameless memory its address.

    Args:
        state: The mapping.
        label: What it is for, if it has no name.
    """
    kind = kind_of(state.name)
    part = likely_section(state.perms) if kind is Kind.FILE else ""
    return kind, fmt.printable(f"{label or ''} {state.name or f'{state.start:x}'} {part}".strip())


def facts_of(state: MappingState) -> list[str]:
    """What the first line of its entry in smaps says, in words."""
    rows, row = state.rows, state.row
    facts = [f"{state.perms} · {perms_text(state.perms)}", state.address_range, _size_text(state)]
    if rows.inode[row]:
        facts.append(f"file offset 0x{int(rows.offset[row]):x}")
        facts.append(f"device {rows.string_at(rows.device, row)} inode {int(rows.inode[row])}")
    if state.name.endswith(DELETED_SUFFIX) and kind_of(state.name) is Kind.FILE:
        facts.append("deleted: the file was removed or replaced since")
    return facts


def _size_text(state: MappingState) -> str:
    """How long it is, in pages, too."""
    column = state.rows.get("kernel_page_size")
    page_kb = int(column[state.row]) if column is not None else 0
    if page_kb <= 0:
        return fmt.amount(state.size_kb)
    pages = state.size_kb // page_kb
    return f"{fmt.amount(state.size_kb)} = {pages:,} page{'s' * (pages != 1)}"


def perms_text(perms: str) -> str:
    """Permissions in words: "read, write, private (CoW)"."""
    words = [word for letter, word in (("r", "read"), ("w", "write"), ("x", "execute")) if letter in perms]
    return ", ".join([*(words or ["no access"]), "shared" if "s" in perms else "private (CoW)"])


def flags_of(state: MappingState) -> list[tuple[str, str]]:
    """Each code of the VmFlags line with its words; a code that smapstop does not know has none."""
    return [(fmt.printable(code), VM_FLAGS.get(code, "")) for code in state.flags]


# the fields


@dataclass(frozen=True, slots=True)
class FieldWidths:
    """Cells of the columns of the field table; a column of 0 is left out."""

    before: int
    after: int
    delta: int
    rate: int
    history: int
    last: int
    label: int


def field_widths(width: int) -> FieldWidths:
    """The columns of a table of so many cells; the history takes what is left, and needs 6.

    On a narrow terminal the rate goes first, then the change, then what was before: a number is never cut.
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
    """One field of the mapping, compared."""

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
    """What it is, kB; NaN when that is not known."""
    change: float
    """How it changed since the compared moment, kB; NaN when that is not known."""
    age: int | None
    """Ticks since it last changed; None when it never did."""
    zero: bool
    """Whether it has been 0 all its life."""
    constant: bool
    """Whether it has never changed."""


def field_rows(history: MappingHistory, ticks: ComparedTicks, widths: FieldWidths) -> list[FieldRow]:
    """Every field that the kernel prints for the mapping, in its order."""
    step = history.step_at(ticks.number)
    before, after, change = _compare(history, ticks)
    ever, last = history.last_changes(len(history.states) - 1) > 0, history.last_changes(step)
    histories = sparkline(history.amounts(_history_ticks(ticks.number, widths.history)))
    rows = []
    for at, name in enumerate(history.fields):
        was, now, delta = float(before[at]), float(after[at]), float(change[at])
        if now != now and not ever[at]:
            continue
        last_text, age = _last_change(history, ticks, name, int(last[at]))
        rows.append(
            FieldRow(
                name=name,
                label=fmt.clip(field_label(name), widths.label),
                before=exact_amount(was, widths.before),
                after=exact_amount(now, widths.after),
                delta=exact_change(delta, widths.delta),
                rate=_rate(name, delta, ticks.seconds),
                history=histories[at],
                last=last_text,
                amount=now,
                change=delta,
                age=age,
                zero=now == 0 and not ever[at],
                constant=not ever[at],
            )
        )
    return rows


def _compare(
    life: MappingHistory, view: ComparedTicks
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Every field as it was, as it is, and how it changed: from nothing when the mapping was not there; kB."""
    if view.previous_run_snapshot is None:
        before, after = life.amounts(np.array([view.before, view.number])).T
        return before, after, after if view.before < life.first_tick else after - before
    after = life.amounts(np.array([view.number]))[:, 0]
    row = view.previous_run_snapshot.row_of(life.mapping)
    if row is None:
        return np.full(len(after), np.nan), after, after
    columns = [view.previous_run_snapshot.mappings.get(name) for name in life.fields]
    before = np.array([ABSENT if column is None else column[row] for column in columns], np.float64)
    before[before == ABSENT] = np.nan
    return before, after, after - before


def _last_change(life: MappingHistory, view: ComparedTicks, name: str, step: int) -> tuple[str, int | None]:
    """The last change of a field, at this step, and how many ticks ago it was; nothing at step 0."""
    if not step:
        return "", None
    was, now = life.field(name, step)[-2:].tolist()
    when = life.tick_of(step)
    ago = ago_text(when, life.timeline.header(view.number))
    return f"{exact_change(now - was, 11)} · {ago}", view.number - when.number


def _history_ticks(number: int, width: int) -> NDArray[np.int64]:
    """The ticks that the glyphs of a history show; negative ones are before the first."""
    step = history_step(number + 1, width) if width else 1
    stop = (number // step + 1) * step
    return np.minimum(stop - 1 - step * np.arange(width - 1, -1, -1), number)


def history_seconds(tick: Tick, width: int) -> float:
    """How long a history of so many glyphs reaches back."""
    return min(HISTORY_TICKS, width * history_step(tick.number + 1, width)) * tick.interval_ns / 1e9


def field_label(name: str) -> str:
    """The kernel's own label of a field; of one that smapstop does not know its name."""
    return FIELD_BY_NAME[name].label if name in FIELD_BY_NAME else fmt.printable(name)


def field_help(name: str) -> str:
    """What a field counts."""
    return (
        FIELD_BY_NAME[name].help
        if name in FIELD_BY_NAME
        else "Unknown to smapstop: proc(5) of this kernel may explain it."
    )


def exact_amount(kb: float, width: int) -> str:
    """An amount in kB to the last digit, as the kernel prints it; rounded when there is no room."""
    if kb != kb:
        return fmt.UNKNOWN
    text = f"{kb:,.0f}"
    return text if len(text) <= width else fmt.amount(kb)


def exact_change(kb: float, width: int) -> str:
    """A change in kB to the last digit, with its sign; "·" for none."""
    if not kb or kb != kb:
        return fmt.signed(kb)
    text = f"{'+' if kb > 0 else '−'}{abs(kb):,.0f}"
    return text if len(text) <= width else fmt.signed(kb)


def _rate(name: str, delta: float, seconds: float | None) -> str:
    """The rate of a change; a plain number has none."""
    if name in FIELD_BY_NAME and not FIELD_BY_NAME[name].unit:
        return ""
    if not delta or delta != delta:
        return fmt.signed(delta)
    return f"{fmt.rate(delta / seconds)}/s" if seconds else fmt.UNKNOWN


def flow(texts: Sequence[str], width: int, between: str = "   ") -> list[str]:
    """Texts one after the other in as many lines as they need; one that is too long is cut."""
    lines: list[str] = []
    for text in texts:
        if lines and fmt.cell_width(lines[-1]) + len(between) + fmt.cell_width(text) <= width:
            lines[-1] += between + text
        else:
            lines.append(fmt.clip(text, width))
    return lines
