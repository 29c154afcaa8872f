"""Totals of the process: a chart of memory over time, figures, and a strip of the address space."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from smapstop.model.kinds import Kind, kind_codes
from smapstop.model.protocol import Target
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.kinds import letter_of
from smapstop.text.status import faults_parts, rss_line, totals_parts
from smapstop.text.table_rows import history_step
from smapstop.ui.drawing.charts import draw_address_strip, draw_bar, draw_stacked_areas
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.theme.palette import Role

BANDS: tuple[tuple[str, str, Role], ...] = (
    ("file", "rss_file", "file"),
    ("shared", "rss_shmem", "shared"),
    ("anon", "rss_anon", "anonymous"),
    ("swap", "swap", "swap"),
)
"""Bands of the chart from the bottom: label, name of the total, role of the colour."""
_ROLES = tuple(role for _, _, role in BANDS)


class Totals(Widget):
    """A chart of memory by what backs it on the left, the figures on the right."""

    DEFAULT_CSS = """
    Totals { height: 6; background: $background; color: $foreground; }
    Totals.-low { height: 4; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view: View | None = None
        self._strips: list[Strip] = []
        self._drawn_for = Size(0, 0)
        self._timeline: Timeline | None = None
        self._target: Target | None = None

    def show(self, target: Target, timeline: Timeline, view: View) -> None:
        """Show the totals of a view; only lines that differ from the screen are drawn again."""
        self._target, self._timeline, self._view = target, timeline, view
        previous, self._strips = self._strips, self._draw() if self.size.width else []
        if len(previous) != len(self._strips):
            self.refresh()
            return
        dirty = [y for y, (old, new) in enumerate(zip(previous, self._strips, strict=True)) if old != new]
        if dirty:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in dirty))

    def notify_style_update(self) -> None:
        """Redraw in the colours of the new theme."""
        super().notify_style_update()
        self._strips = []

    def render_line(self, y: int) -> Strip:
        """Draw one line; all are drawn together when the first is needed."""
        # the size may change before the resize event arrives
        if self._view is not None and (not self._strips or self._drawn_for != self.size):
            self._strips = self._draw()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def _draw(self) -> list[Strip]:
        """Draw the chart and the facts next to each other, with a blank cell between them and at each end."""
        assert self._view is not None
        self._drawn_for = self.size
        width, height, base = self.size.width, self.size.height, self.rich_style
        left = (width - 3) * 45 // 100
        right = width - 3 - left
        blank = Strip([Segment(" ", base)], 1)
        charts = [self._rss_strip(left), *self._chart(left, height - 1)]
        facts = self._facts(right)[:height]
        facts += [Strip.blank(right, base)] * (height - len(facts))
        return [Strip.join([blank, a, blank, b, blank]).simplify() for a, b in zip(charts, facts, strict=True)]

    def _rss_strip(self, width: int) -> Strip:
        """Draw Rss and its rate above the chart, and the time span of the chart at the right."""
        assert self._view is not None
        palette, base = palette_of(self.app), self.rich_style
        amount, rate, number = rss_line(self._view)
        ink = palette.gain if number > 0 else palette.loss if number < 0 else palette.quiet
        tick = self._view.snapshot.tick
        span = fmt.age(width * history_step(tick.number + 1, width) * tick.interval_ns / 1e9)
        text = f" Rss {amount}  {rate}"
        return Strip(
            [
                Segment(f" Rss {amount}", base + Style(bold=True)),
                Segment(f"  {rate}", base + Style(color=ink)),
                Segment(
                    f"last {span} ".rjust(max(0, width - fmt.cell_width(text))), base + Style(color=palette.quiet)
                ),
            ]
        ).adjust_cell_length(width, base)

    def _chart(self, width: int, height: int) -> list[Strip]:
        """Draw memory by what backs it, over time."""
        assert self._view is not None
        assert self._timeline is not None
        series = _series(self._timeline, self._view, width)
        top = float(np.nanmax(series.sum(axis=0), initial=0.0)) * 1.05
        ink = palette_of(self.app).ink(*_ROLES)
        return draw_stacked_areas(series, height, max(top, 1.0), ink)

    def _facts(self, width: int) -> list[Strip]:
        """Draw the lines on the right, the most important first."""
        assert self._view is not None
        assert self._target is not None
        palette, base = palette_of(self.app), self.rich_style
        quiet = base + Style(color=palette.quiet)
        totals: list[list[Segment]] = []
        for total in totals_parts(self._view):
            ink = palette.quiet if total.by_others else palette.gain if (total.change or 0) > 0 else palette.loss
            changed = [Segment(f" {fmt.signed(total.change)}", base + Style(color=ink))] if total.change else []
            totals.append(
                [Segment(f" {total.label} ", quiet), Segment(total.amount, base), *changed, Segment(" ", base)]
            )
        faults = [
            [Segment(f" {label} ", quiet), Segment(f"{value} ", base)]
            for label, value in faults_parts(self._view, self._target)
        ]
        lines = [
            _fit(totals, width),
            self._backing(width),
            _fit(faults, width),
            self._addresses(width),
            self._legend(width),
        ]
        return [Strip(line).adjust_cell_length(width, base) for line in lines]

    def _backing(self, width: int) -> list[Segment]:
        """Draw what backs the memory at this tick: a bar, and figures as its legend."""
        assert self._view is not None
        palette, base = palette_of(self.app), self.rich_style
        totals = self._view.snapshot.tick.totals
        values = [totals.get(name) for _, name, _ in BANDS]
        bands = [
            [
                Segment(f" {palette.texture_of(role)} ", base + Style(color=palette.colours[role], bold=True)),
                Segment(f"{label} {fmt.amount(value)} ", base),
            ]
            for label, _, role, value in _select_bands(values, width)
        ]
        figures = [segment for band in bands for segment in band]
        room = width - sum(segment.cell_length for segment in figures) - 2
        if room < 8:
            return figures
        parts = np.array([np.nan if value is None else value for value in values], np.float64)
        strip = draw_bar(parts, room, max(float(np.nansum(parts)), 1.0), palette.ink(*_ROLES))
        return [Segment(" ", base), *strip, Segment(" ", base), *figures]

    def _addresses(self, width: int) -> list[Segment]:
        """Draw the mappings along the address space."""
        assert self._view is not None
        mappings = self._view.snapshot.mappings
        strip = draw_address_strip(
            mappings.start, mappings.end, kind_codes(mappings), width - 2, palette_of(self.app)
        )
        return [Segment(" ", self.rich_style), *strip]

    def _legend(self, width: int) -> list[Segment]:
        """Draw the letters and colours of the kinds."""
        palette, base = palette_of(self.app), self.rich_style
        legend = [
            [
                Segment(f" {letter_of(kind)} ", base + Style(color=palette.colours[kind.value], bold=True)),
                Segment(kind.value, base + Style(color=palette.quiet)),
            ]
            for kind in Kind
        ]
        return _fit(legend, width)


def _select_bands(values: Sequence[int | None], width: int) -> list[tuple[str, str, Role, int | None]]:
    """The bands whose figures fit, in their order; the smallest are left out first."""
    bands = [
        (*band, value) for band, value in zip(BANDS, values, strict=True) if value or band[2] in ("anonymous", "file")
    ]
    while sum(fmt.cell_width(label) + fmt.cell_width(fmt.amount(value)) + 5 for label, _, _, value in bands) > width:
        bands.remove(min(bands, key=lambda band: band[3] or 0))
    return bands


def _fit(groups: list[list[Segment]], width: int) -> list[Segment]:
    """As many groups of segments as fit without being cut."""
    fitting: list[Segment] = []
    for group in groups:
        width -= sum(segment.cell_length for segment in group)
        if width < 0:
            break
        fitting += group
    return fitting


def _series(timeline: Timeline, view: View, width: int) -> NDArray[np.float64]:
    """Maxima of the bands over the last ticks, the newest at the right, shape (bands, width); NaN where unknown."""
    number = view.snapshot.tick.number
    step = history_step(number + 1, width)
    stop = (number // step + 1) * step
    first = stop - width * step
    out = np.full((len(BANDS), width * step), np.nan)
    for row, (_, name, _) in zip(out, BANDS, strict=True):
        values = timeline.queries.totals(name, max(0, first), number + 1)
        at = max(0, -first)
        row[at : at + len(values)] = values
    bins = out.reshape(len(BANDS), width, step)
    empty = np.isnan(bins).all(axis=2)
    highest: NDArray[np.float64] = np.where(np.isnan(bins), -np.inf, bins).max(axis=2)
    highest[empty] = np.nan
    return highest
