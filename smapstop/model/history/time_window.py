"""Window of time that all charts share: its ticks, and which of them each cell of a chart shows."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass

TickTimes = NDArray[np.int64]
"""Start of each tick on the monotonic clock, ns, by number. Those of forgotten ticks do not count."""

SPANS_S = (10, 30, 120, 600, 3_600, 21_600, 86_400)
"""Lengths of the window from which the user chooses, in addition to the whole history, seconds."""
_LEAD = 0.25
"""Where in the window, from its left, a tick is put that was outside."""


@dataclass(frozen=True, slots=True, eq=False)
class TimeWindow:
    """A span of time, which charts divide into cells of equal duration.

    A tick stands for the time since the tick before it, in which its changes happened; so a cell without a tick shows
    the next one.
    """

    first: int
    """Number of the first tick."""
    times_ns: TickTimes
    """Start of each of its ticks, ns, shape (n,); at least one."""
    begin_ns: int
    end_ns: int
    """Start of the last tick, ns."""
    is_sliding: bool
    """Whether it leaves out ticks before it. Its cells then keep their ticks as time goes on, and only shift."""
    is_reading: NDArray[np.bool_] | None = None
    """Which of its ticks read the mappings, shape (n,); None for all."""

    @property
    def last(self) -> int:
        """Number of the last tick."""
        return self.first + len(self.times_ns) - 1

    @property
    def seconds(self) -> float:
        """Length, seconds."""
        return (self.end_ns - self.begin_ns) / 1e9

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last

    def cells(self, width: int) -> NDArray[np.intp]:
        """Position in `times_ns` of the first tick of each cell, ascending, as `ufunc.reduceat` takes it."""
        cell_ns = (self.end_ns - self.begin_ns) / width
        right_ns = -(-self.end_ns // cell_ns) * cell_ns if self.is_sliding else self.end_ns
        starts_ns = right_ns - self.end_ns - cell_ns * np.arange(width, 0, -1)
        positions = np.searchsorted(self.times_ns - self.end_ns, np.rint(starts_ns).astype(np.int64))
        cells: NDArray[np.intp] = np.minimum(positions, len(self.times_ns) - 1)
        return cells

    def last_in_cells(self, width: int) -> NDArray[np.intp]:
        """Position in `times_ns` of the last tick of each of `width` cells, ascending."""
        cells = self.cells(width)
        last: NDArray[np.intp] = np.maximum(np.append(cells[1:], len(self.times_ns)) - 1, cells)
        return last

    def cells_read(self, width: int, until: int) -> NDArray[np.bool_]:
        """Mask of `width` cells with a tick that read the mappings; one alone between two of these counts, too.

        Args:
            width: Number of cells.
            until: The last tick; what was read later does not count.
        """
        if self.is_reading is None or self.is_reading.all():
            return np.ones(width, np.bool_)
        was_read: NDArray[np.bool_] = self.is_reading[self.first_read(width, until)]
        was_read[self.first + self.cells(width) > until] = False
        was_read[1:-1] |= was_read[:-2] & was_read[2:]
        return was_read

    def first_read(self, width: int, until: int) -> NDArray[np.intp]:
        """Position of the first tick of each of `width` cells that read the mappings, else of its first tick at all.

        Args:
            width: Number of cells.
            until: The last tick; those after it count as not read.
        """
        cells = self.cells(width)
        if self.is_reading is None or self.is_reading.all():
            return cells
        readings = np.append(np.flatnonzero(self.is_reading[: max(0, until + 1 - self.first)]), len(self.is_reading))
        first = readings[np.searchsorted(readings, cells)]
        starts: NDArray[np.intp] = np.where(first <= self.last_in_cells(width), first, cells)
        return starts

    def samples(self, width: int, until: int, most: int | None = None) -> NDArray[np.int64]:
        """Ticks that show the state in each of `width` cells: the first of all, then the last of each cell.

        Of a window of more than `most` ticks they are only near the end of their cell, so that they stay the same
        ticks for some time.

        Args:
            width: Number of cells.
            until: The last tick; cells after it show none.
            most: Ticks that are few enough to look at each of them; None for any number.

        Returns:
            Numbers of ticks, ascending, -1 for none; shape (width,).
        """
        numbers = np.minimum(self.first + self.last_in_cells(width), until)
        if most is not None and len(self.times_ns) > most:
            step = 1 << max(0, int(len(self.times_ns) / width / 4).bit_length() - 1)
            numbers[:-1] = np.maximum(numbers[:-1] // step * step, self.first)
        numbers[0] = self.first
        numbers[self.first + self.cells(width) > until] = -1
        return numbers.astype(np.int64)

    def cell_of(self, number: int, width: int) -> int:
        """The last of `width` cells that shows a tick; the first or the last one for a tick outside the window."""
        at = int(np.searchsorted(self.cells(width), number - self.first, side="right")) - 1
        return max(0, at)

    def ticks_in(self, cell: int, width: int) -> range:
        """Numbers of the ticks that a cell shows; at least one."""
        return range(self.first + int(self.cells(width)[cell]), self.first + int(self.last_in_cells(width)[cell]) + 1)


def window_until(
    times_ns: TickTimes,
    oldest: int,
    span_s: int | None,
    until: int | None = None,
    is_reading: NDArray[np.bool_] | None = None,
) -> TimeWindow:
    """Window that ends at a tick; while there is less time than its span, it begins at the oldest tick.

    Args:
        times_ns: All ticks; at least one.
        oldest: The oldest known tick.
        span_s: Length, seconds; None for everything.
        until: The last tick; None for the newest.
        is_reading: Which ticks read the mappings; None for all.
    """
    last = len(times_ns) - 1 if until is None else max(oldest, min(until, len(times_ns) - 1))
    begin_ns, end_ns = int(times_ns[oldest]), int(times_ns[last])
    is_sliding = span_s is not None and end_ns - begin_ns > span_s * 10**9
    if is_sliding and span_s is not None:
        begin_ns = end_ns - span_s * 10**9
    first = oldest + int(np.searchsorted(times_ns[oldest : last + 1], begin_ns))
    readings = None if is_reading is None else is_reading[first : last + 1]
    return TimeWindow(first, times_ns[first : last + 1], begin_ns, end_ns, is_sliding, readings)


def between_readings(values: NDArray[np.float64], was_read: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Connect what was read by straight lines; after the last reading it is the last amount.

    Args:
        values: What was read last in each cell, shape (n, width); NaN for nothing.
        was_read: Mask of the cells that were read, shape (width,).
    """
    if was_read.all() or not was_read.any():
        return values
    at = np.flatnonzero(was_read)
    at = at if was_read[0] else np.append(0, at)
    lines = np.stack([np.interp(np.arange(len(was_read)), at, row[at]) for row in values])
    connected: NDArray[np.float64] = np.where(np.isnan(lines) | np.isnan(values), values, lines)
    return connected


def until_showing(times_ns: TickTimes, oldest: int, span_s: int | None, until: int, number: int) -> int:
    """Last tick of a window that shows a tick: `until` if that window does, else one some time after the tick."""
    if number in window_until(times_ns, oldest, span_s, until):
        return until
    newest = len(times_ns) - 1
    if span_s is None:
        return newest
    return last_tick_before(times_ns, int(times_ns[number]) + int(span_s * 1e9 * (1 - _LEAD)), number)


def last_tick_before(times_ns: TickTimes, time_ns: int, least: int) -> int:
    """Last tick that started at or before a time, but not before the tick `least`."""
    return max(least, int(np.searchsorted(times_ns, time_ns, side="right")) - 1)


def zoomed_span(span_s: int | None, whole_s: float, direction: int) -> int | None:
    """The next span in `SPANS_S` that is longer (direction 1) or shorter (-1) than what a window of this span shows.

    Args:
        span_s: Length, seconds; None for everything.
        whole_s: Length of the history, seconds.
        direction: 1 or -1.

    Returns:
        None for everything.
    """
    shown_s = whole_s if span_s is None else min(span_s, whole_s)
    if direction < 0:
        return max((span for span in SPANS_S if span < shown_s), default=SPANS_S[0])
    return min((span for span in SPANS_S if shown_s < span < whole_s), default=None)
