"""The life of one mapping: what it was from tick to tick, and what happened to it as a whole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.rows import RESTLESS, differing
from smapstop.model.tick import Lineage, Tick
from smapstop.model.timeline import Timeline
from smapstop.proc.columns import ABSENT, Mappings

_FIRST_CAPACITY = 64
_ROW = np.zeros(1, np.intp)


@dataclass(frozen=True, slots=True)
class State:
    """A mapping as a tick printed it: a row of that tick."""

    rows: Mappings
    row: int

    @property
    def name(self) -> str:
        """The name as the kernel prints it."""
        return self.rows.name_of(self.row)

    @property
    def perms(self) -> str:
        """The permissions, such as `rw-p`."""
        return self.rows.perms_of(self.row)

    @property
    def start(self) -> int:
        """The first address."""
        return int(self.rows.start[self.row])

    @property
    def end(self) -> int:
        """The first address after it."""
        return int(self.rows.end[self.row])

    @property
    def place(self) -> str:
        """The addresses, as the kernel prints them."""
        return f"{self.start:08x}-{self.end:08x}"

    @property
    def size_kb(self) -> int:
        """The length, kB."""
        return (self.end - self.start) >> 10

    @property
    def flags(self) -> tuple[str, ...]:
        """The codes of the VmFlags line."""
        return tuple(self.rows.text(self.rows.flags, self.row).split())

    def differs(self, other: "State") -> bool:
        """Whether anything is printed differently."""
        return bool(differing(self.rows, _ROW + self.row, other.rows, _ROW + other.row)[0])


class Life:
    """What one mapping was from tick to tick, collected once and then followed; cheap to ask however long it is.

    Only the ticks at which something about the mapping changed are kept: its steps.
    """

    def __init__(self, timeline: Timeline, mapping: int) -> None:
        self.timeline = timeline
        self.mapping = mapping
        self.fields: tuple[str, ...] = ()
        """The fields that any of its ticks printed, in the kernel's order."""
        self.states: list[State] = []
        """What it was at each step; empty when no tick knows the mapping."""
        self.became: list[tuple[Tick, Lineage]] = []
        """What happened to it as a whole, and when."""
        self.gone: int | None = None
        """The tick that found it gone."""
        self._followed = 0
        self._numbers = np.zeros(_FIRST_CAPACITY, np.int64)
        self._times_ns = np.zeros(_FIRST_CAPACITY, np.int64)
        self._amounts = np.full((0, _FIRST_CAPACITY), np.nan)
        self._changed = np.zeros((0, _FIRST_CAPACITY), np.int64)
        self._stirred: list[int] = []
        self._telling = np.zeros(0, bool)
        self.follow()

    def follow(self) -> None:
        """Take in the ticks that came since."""
        ticks = self.timeline.ticks
        for number in range(self._followed, len(ticks)):
            self._take(ticks[number])
        self._followed = len(ticks)

    def _take(self, tick: Tick) -> None:
        """Take in a tick, if it says something of the mapping."""
        row = np.flatnonzero(tick.ids == self.mapping)
        if len(row):
            self._step(tick, State(tick.rows, int(row[0])))
        elif self.states and self.gone is None and (tick.keyframe or self.mapping in tick.gone):
            self.gone = tick.number
        else:
            return
        self.became += [(tick, step) for step in tick.lineage if self.mapping in (step.mapping, step.other)]

    def _step(self, tick: Tick, state: State) -> None:
        """Add a step; a keyframe that repeats the last one is none."""
        if tick.keyframe and self.states and not state.differs(self.states[-1]):
            return
        at = len(self.states)
        self._make_room(at, state.rows.fields)
        amounts = np.full(len(self.fields), np.nan)
        printed = state.rows.amounts[:, state.row]
        here = ... if state.rows.fields == self.fields else [self.fields.index(name) for name in state.rows.fields]
        amounts[here] = np.where(printed == ABSENT, np.nan, printed)
        self._amounts[:, at] = amounts
        self._numbers[at], self._times_ns[at] = tick.number, tick.monotonic_ns
        self.states.append(state)
        self._stirred.append(self._compare(at) if at else 0)

    def _compare(self, at: int) -> int:
        """Note which fields changed at a step, and give the last step up to it that a person would call a change."""
        before, after = self._amounts[:, at - 1], self._amounts[:, at]
        changed = (after != before) & ~(np.isnan(after) & np.isnan(before))
        self._changed[:, at] = np.where(changed, at, self._changed[:, at - 1])
        was, now = self.states[at - 1], self.states[at]
        replaced = (was.place, was.perms, was.name, was.flags) != (now.place, now.perms, now.name, now.flags)
        return at if replaced or (changed & self._telling).any() else self._stirred[at - 1]

    def _make_room(self, at: int, fields: tuple[str, ...]) -> None:
        """Room for one more step, and for fields that no tick has printed yet."""
        new = tuple(name for name in fields if name not in self.fields)
        more = at if at == len(self._numbers) else 0
        if new or more:
            self.fields += new
            self._telling = np.array([name not in RESTLESS for name in self.fields], bool)
            self._numbers = np.pad(self._numbers, (0, more))
            self._times_ns = np.pad(self._times_ns, (0, more))
            self._amounts = np.pad(self._amounts, ((0, len(new)), (0, more)), constant_values=np.nan)
            self._changed = np.pad(self._changed, ((0, len(new)), (0, more)))

    @property
    def born(self) -> int:
        """The first tick that knew it."""
        return int(self._numbers[0])

    def step(self, number: int) -> int:
        """The step at which it was at a tick; the first one when it was not there yet."""
        return max(0, int(np.searchsorted(self._numbers[: len(self.states)], number, side="right")) - 1)

    def tick_of(self, step: int) -> Tick:
        """The tick of a step."""
        return self.timeline.ticks[int(self._numbers[step])]

    def amounts(self, numbers: NDArray[np.integer]) -> NDArray[np.float64]:
        """Every field at some ticks, kB.

        Returns:
            Shape (fields, len(numbers)); NaN where the mapping was not there, or the field not printed.
        """
        at = np.searchsorted(self._numbers[: len(self.states)], numbers, side="right") - 1
        out: NDArray[np.float64] = self._amounts[:, np.maximum(at, 0)]
        out[:, (at < 0) if self.gone is None else (at < 0) | (numbers >= self.gone)] = np.nan
        return out

    def changed(self, step: int) -> NDArray[np.int64]:
        """The step, up to this one, at which each field last changed, shape (fields,); 0 when it never did."""
        return self._changed[:, step]

    def stirred(self, step: int) -> int:
        """The last step, up to this one, that a person would call a change (see `RESTLESS`); 0 for none."""
        return self._stirred[step]

    def field(self, name: str, step: int) -> NDArray[np.float64]:
        """One field at each step up to this one, kB, shape (step + 1,)."""
        return self._amounts[self.fields.index(name), : step + 1]

    def over_time(self, name: str, until: int, width: int) -> NDArray[np.float64]:
        """One field from the first tick of the timeline to `until`, as the greatest value of each stretch of time.

        Returns:
            kB, shape (width,); NaN where the mapping was not there, or the field not printed.
        """
        step = self.step(until)
        values, times_ns = self.field(name, step), self._times_ns[: step + 1]
        edges = np.linspace(*self._reach_ns(until), width + 1)
        at = np.searchsorted(times_ns, edges[:-1], side="right") - 1
        out: NDArray[np.float64] = np.where(at >= 0, values[np.maximum(at, 0)], np.nan)
        np.fmax.at(out, np.clip(np.searchsorted(edges, times_ns, side="right") - 1, 0, width - 1), values)
        return out

    def stretch_of(self, number: int, until: int, width: int) -> int:
        """The stretch of `over_time` that a tick lies in."""
        first_ns, stop_ns = self._reach_ns(until)
        return min(width - 1, (self.timeline.ticks[number].monotonic_ns - first_ns) * width // (stop_ns - first_ns))

    def _reach_ns(self, until: int) -> tuple[int, int]:
        """From when to when a chart reaches; a tick stands for the time until the next one."""
        first, last = self.timeline.ticks[0], self.timeline.ticks[until]
        return first.monotonic_ns, last.monotonic_ns + max(last.interval_ns, 1)
