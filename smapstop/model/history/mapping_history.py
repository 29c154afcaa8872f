"""History of one mapping: its state from tick to tick, and its lifecycle events."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.log_entry import MappingRef, format_address_range, ref_of
from smapstop.model.history.time_window import TimeWindow
from smapstop.model.kinds import Kind, kind_at
from smapstop.model.labels import Label, purpose_label
from smapstop.model.lookup import section_at
from smapstop.model.mapping_rows import ADDRESS_COLUMNS, TEXT_COLUMNS
from smapstop.model.own_changes import own_amounts_changed
from smapstop.model.tick import LifecycleEvent, Tick
from smapstop.model.timeline.mapping_queries import RowSpan
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import ABSENT, Mappings

_FIRST_CAPACITY = 64


@dataclass(frozen=True, slots=True)
class MappingState:
    """A mapping as printed at a tick: one row of that tick."""

    rows: Mappings
    row: int

    @property
    def name(self) -> str:
        """Name as the kernel prints it."""
        return self.rows.name_of(self.row)

    @property
    def perms(self) -> str:
        """Permissions, such as `rw-p`."""
        return self.rows.perms_of(self.row)

    @property
    def kind(self) -> Kind:
        """Kind of memory."""
        return kind_at(self.rows, self.row)

    @property
    def section(self) -> str:
        """Section that it usually holds, such as `.data`; empty unless it is part of a file."""
        return section_at(self.rows, self.row)

    @property
    def start(self) -> int:
        """First address."""
        return int(self.rows.start[self.row])

    @property
    def end(self) -> int:
        """First address after it."""
        return int(self.rows.end[self.row])

    @property
    def address_range(self) -> str:
        """Address range, as the kernel prints it."""
        return format_address_range(self.start, self.end)

    @property
    def ref(self) -> MappingRef:
        """Name, permissions and addresses, without the reading."""
        return ref_of(self.rows, self.row)

    @property
    def size_kb(self) -> int:
        """Size, kB."""
        return (self.end - self.start) >> 10

    @property
    def flags(self) -> tuple[str, ...]:
        """Codes of the VmFlags line."""
        return tuple(self.rows.string_at(self.rows.flags, self.row).split())

    @property
    def printed_values(self) -> dict[str, int | str]:
        """All printed values by name."""
        rows, row = self.rows, self.row
        addresses = {name: int(getattr(rows, name)[row]) for name in ADDRESS_COLUMNS}
        texts = {name: rows.string_at(getattr(rows, name), row) for name in TEXT_COLUMNS}
        amounts = zip(rows.fields, rows.amounts[:, row].tolist(), strict=True)
        return addresses | texts | {name: kb for name, kb in amounts if kb != ABSENT}


class MappingHistory:
    """States of one mapping over time, collected once and then updated; lookups are cheap however long it is.

    Only the ticks at which something about the mapping changed are stored: its steps. What the timeline drops is
    dropped here, too.
    """

    def __init__(self, timeline: Timeline, mapping: int) -> None:
        self.timeline = timeline
        self.mapping = mapping
        self._reset()
        self.update()

    def _reset(self) -> None:
        """Start over with what is still in the timeline."""
        self.fields: tuple[str, ...] = ()
        """Fields printed at any of its ticks, in the kernel's order."""
        self.states: list[MappingState] = []
        """State at each step; empty if no tick has the mapping."""
        self.lifecycle: list[tuple[int, LifecycleEvent]] = []
        """Lifecycle events, each with its tick."""
        self.gone_tick: int | None = None
        """First tick without it; `None` while it exists."""
        self._first = self.timeline.oldest
        self._next_number = 0
        self._numbers = np.zeros(_FIRST_CAPACITY, np.int64)
        self._times_ns = np.zeros(_FIRST_CAPACITY, np.int64)
        self._amounts = np.full((0, _FIRST_CAPACITY), np.nan)
        self._last_changes = np.zeros((0, _FIRST_CAPACITY), np.int64)
        self._visible_changes = np.zeros(_FIRST_CAPACITY, np.int64)

    def update(self) -> None:
        """Add the ticks appended since the last update."""
        if self._first != self.timeline.oldest:
            self._reset()
        for span in self.timeline.queries.row_spans(self.mapping, self._next_number):
            self._append_span(span)
        self.lifecycle += self.timeline.queries.lineage_of(self.mapping, self._next_number)
        self._next_number = len(self.timeline)

    def _append_span(self, span: RowSpan) -> None:
        """Add a span of rows; a full map that repeats the last step adds none."""
        new = [MappingState(span.rows, row) for row in range(len(span.rows))]
        if new and not (span.is_full and self.states and new[0].printed_values == self.states[-1].printed_values):
            self._append_steps(span, new)
        if span.gone_at is not None and self.states and self.gone_tick is None:
            self.gone_tick = span.gone_at

    def _append_steps(self, span: RowSpan, new: list[MappingState]) -> None:
        """Append steps."""
        at, stop = len(self.states), len(self.states) + len(new)
        rows = span.rows
        self._make_room(stop, rows.fields)
        here = [self.fields.index(name) for name in rows.fields]
        self._amounts[:, at:stop] = np.nan
        self._amounts[here, at:stop] = np.where(rows.amounts == ABSENT, np.nan, rows.amounts)
        self._numbers[at:stop], self._times_ns[at:stop] = span.numbers, span.times_ns
        replaced = np.zeros(len(new), bool)
        for name in ("start", "end", "perms", "name", "flags"):
            column = getattr(rows, name)
            replaced[1:] |= column[1:] != column[:-1]
        if at:
            was, now = self.states[-1], new[0]
            replaced[0] = (was.address_range, was.perms, was.name, was.flags) != (
                now.address_range,
                now.perms,
                now.name,
                now.flags,
            )
        self.states += new
        self._note_changes(at, stop, replaced)

    def _note_changes(self, at: int, stop: int, replaced: NDArray[np.bool_]) -> None:
        """Record at which of the new steps each field changed, and which steps are visible changes."""
        since = max(1, at)  # the very first step is not a change
        before, after = self._amounts[:, since - 1 : stop - 1], self._amounts[:, since:stop]
        changed = (after != before) & ~(np.isnan(after) & np.isnan(before))
        steps = np.arange(since, stop)
        was, now = (dict(zip(self.fields, np.nan_to_num(side, nan=ABSENT), strict=True)) for side in (before, after))
        visible = replaced[since - at :] | own_amounts_changed(was, now)
        for out, here in ((self._last_changes, changed), (self._visible_changes[np.newaxis], visible[np.newaxis])):
            out[:, since:stop] = np.where(here, steps, 0)
            np.maximum.accumulate(out[:, since - 1 : stop], axis=1, out=out[:, since - 1 : stop])

    def _make_room(self, steps: int, fields: tuple[str, ...]) -> None:
        """Grow the arrays to `steps` steps, and by the fields not printed before."""
        new = tuple(name for name in fields if name not in self.fields)
        more = max(steps, 2 * len(self._numbers)) - len(self._numbers) if steps > len(self._numbers) else 0
        if new or more:
            self.fields += new
            self._numbers = np.pad(self._numbers, (0, more))
            self._times_ns = np.pad(self._times_ns, (0, more))
            self._visible_changes = np.pad(self._visible_changes, (0, more))
            self._amounts = np.pad(self._amounts, ((0, len(new)), (0, more)), constant_values=np.nan)
            self._last_changes = np.pad(self._last_changes, ((0, len(new)), (0, more)))

    @property
    def first_tick(self) -> int:
        """First tick that has it."""
        return int(self._numbers[0])

    def step_at(self, number: int) -> int:
        """Step that holds at a tick; the first one for earlier ticks."""
        return max(0, int(np.searchsorted(self._numbers[: len(self.states)], number, side="right")) - 1)

    def tick_of(self, step: int) -> Tick:
        """Tick of a step, possibly without its rows."""
        return self.timeline.header(int(self._numbers[step]))

    def numbers(self, step: int) -> NDArray[np.int64]:
        """Ticks of the steps up to this one, shape (step + 1,)."""
        return self._numbers[: step + 1]

    def amounts(self, numbers: NDArray[np.integer]) -> NDArray[np.float64]:
        """All fields at some ticks, kB.

        Returns:
            Shape (fields, len(numbers)); NaN where the mapping did not exist, or the field was not printed.
        """
        at = np.searchsorted(self._numbers[: len(self.states)], numbers, side="right") - 1
        out: NDArray[np.float64] = self._amounts[:, np.maximum(at, 0)]
        out[:, (at < 0) if self.gone_tick is None else (at < 0) | (numbers >= self.gone_tick)] = np.nan
        return out

    def last_changes(self, step: int) -> NDArray[np.int64]:
        """Last step up to this one at which each field changed, shape (fields,); 0 for never."""
        return self._last_changes[:, step]

    def last_visible_change(self, step: int) -> int:
        """Last step up to this one with a visible change, as in `visibly_changed`; 0 for never."""
        return int(self._visible_changes[step])

    def field(self, name: str, step: int) -> NDArray[np.float64]:
        """One field at each step up to this one, kB, shape (step + 1,)."""
        return self._amounts[self.fields.index(name), : step + 1]

    def window_values(self, name: str, window: TimeWindow, until: int) -> NDArray[np.float64]:
        """One field at the first tick of a window, and at each step in it up to a tick, kB; NaN where unknown."""
        step = self.step_at(until)
        first = int(np.searchsorted(self._numbers[: step + 1], window.first, side="right")) - 1
        values = self.field(name, step)
        return values[max(0, first) :] if self._numbers[step] <= window.last else values[max(0, first) : step]

    def window_maxima(self, name: str, window: TimeWindow, until: int, width: int) -> NDArray[np.float64]:
        """Maximum of a field in each of `width` cells of a window; where it was not read, what was read last.

        Returns:
            kB, shape (width,); NaN where the mapping did not exist, or the field was not printed, and after the tick
            `until`.
        """
        step, starts = self.step_at(until), window.first + window.first_read(width, until)
        values, numbers = self.field(name, step), self._numbers[: step + 1]
        at = np.searchsorted(numbers, starts, side="right") - 1
        out: NDArray[np.float64] = np.where(at >= 0, values[np.maximum(at, 0)], np.nan)
        inside = (numbers > window.first) & (numbers <= window.last)
        cells = np.searchsorted(starts, numbers[inside], side="right") - 1
        np.fmax.at(out, np.maximum(cells, 0), values[inside])
        out[starts > until] = np.nan
        return out


def label_at(timeline: Timeline, number: int, mapping: int) -> Label | None:
    """Purpose of a nameless mapping at a tick; `None` if it has a name, or its purpose is unknown."""
    if number < timeline.oldest:
        return None
    snapshot = timeline.at(number)
    row = snapshot.row_of(mapping)
    if row is None or snapshot.mappings.name[row]:
        return None
    purposes, texts = timeline.purposes_at(number), snapshot.mappings.strings
    return purpose_label(
        int(purposes.purpose[row]),
        texts[int(purposes.owner[row])],
        timeline.stacks_at(number).get(mapping),
        proven=bool(purposes.proven[row]),
    )
