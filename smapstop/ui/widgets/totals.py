"""Totals of the process: a line of figures, and one of the memory by kind of mapping."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import Kind
from smapstop.model.metrics import Metric
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.inferred import elsewhere_text, reading_text
from smapstop.text.kinds import letter_of
from smapstop.text.limits import LimitText, limit_texts, mapping_count_text
from smapstop.text.status import Figure, faults_choices, figures_of, kind_amounts
from smapstop.text.units import unit_format_of
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.strip_panel import StripPanel

_SHORT_NAMES = {Kind.ANONYMOUS: "anon"}
_CHOSEN = Style(underline=True)


class Totals(StripPanel):
    """Figures in fixed places; below them the kinds of mappings, which filter the table when they are clicked.

    Between two readings of the mappings, what is of the last one is dim.
    """

    DEFAULT_CSS = "Totals { height: 2; background: $background; color: $foreground; }"

    @dataclass
    class KindClicked(Message):
        """The user clicked on a kind of mappings."""

        kind: Kind

    @dataclass
    class MetricClicked(Message):
        """The user clicked on the figure of a metric."""

        metric: Metric

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view: View | None = None
        self._limits: list[LimitText] = []
        self._kind_cells: list[tuple[range, Kind]] = []
        """Cells of each kind in the line."""
        self._metric_cells: list[tuple[range, Metric]] = []
        """Cells of each metric in the line of figures."""
        self._limit_cells = range(0)
        """Cells of the limits in that line."""

    def show(self, timeline: Timeline, view: View) -> None:
        """Show the totals of a view."""
        self._limits, self._view = limit_texts(view, timeline), view
        self.redraw()

    def draw_strips(self) -> Sequence[Strip]:
        """Draw the lines, the most important first."""
        if self._view is None:
            return ()
        base = self.rich_style
        style = DrawStyle(palette_of(self.app), base, base, base)
        width = self.size.width
        lines = [
            self._draw_figures(self._view, style, width),
            self._draw_kinds(self._view, style, width),
        ]
        return [style.line(line, width) for line in lines[: self.size.height]]

    def _draw_kinds(self, view: View, style: DrawStyle, width: int) -> list[Segment]:
        """Draw the number of mappings, the kinds that fit, and at the right the faults if there is room."""
        count = fmt.clip(mapping_count_text(view), max(4, width // 2))
        figure = style.base if view.snapshot.reading_tick.number == view.snapshot.tick.number else style.quiet
        segments = [Segment(" mappings ", style.quiet), Segment(f"{count:<4} ", figure)]
        used = _cells(segments)
        self._kind_cells, unit = [], unit_format_of(view, "rss")
        for kind, amount, change in kind_amounts(view):
            ink = style.base + Style(color=style.palette.colours[kind.value], bold=True)
            pieces = [
                Segment(f" {letter_of(kind)}", ink),
                Segment(f" {_SHORT_NAMES.get(kind, kind.value)} ", style.quiet),
                Segment(f"{unit.with_sign(unit.amount(amount))} ", figure),
                *([Segment(f"{unit.signed(change)} ", style.change_style(change))] if change else ()),
            ]
            if used + _cells(pieces) > width:
                break
            segments += pieces
            self._kind_cells.append((range(used, used + _cells(pieces)), kind))
            used += _cells(pieces)
        rest = _draw_reading(view, style, elsewhere_text(view.growth, unit), width - used)
        segments += rest
        used += _cells(rest)
        faults = _draw_faults(view, style, width - used)
        return [*segments, Segment(" " * (width - used - _cells(faults)), style.base), *faults]

    def _draw_figures(self, view: View, style: DrawStyle, width: int) -> list[Segment]:
        """Draw the limits and the figures that fit, each with room for its change, so that none moves then."""
        segments: list[Segment] = []
        self._metric_cells = []
        limits = [segment for limit in self._limits for segment in _draw_limit(limit, style)]
        if _cells(limits) > width // 2:
            limits = _draw_limit(self._limits[0], style)
        room = width - _cells(limits)
        for figure in figures_of(view):
            pieces, used = _draw_figure(figure, style, chosen=figure.metric == view.state.metric), _cells(segments)
            if used + _cells(pieces) <= room:
                segments += pieces
                if figure.metric is not None:
                    self._metric_cells.append((range(used, used + _cells(pieces)), figure.metric))
        self._limit_cells = range(_cells(segments), _cells(segments) + _cells(limits))
        return [*segments, *limits]

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say what the term under the pointer means."""
        from smapstop.ui.help.terms import term_help

        self.tooltip = Content(term_help(self.render_line(event.y).text, event.x)) or None

    def on_click(self, event: events.Click) -> None:
        """Ask for the mappings of the kind, or for the metric, that was clicked; explain limits."""
        if event.y == 0 and event.x in self._limit_cells:
            self.call_next(self.run_action, "app.command('help limit')")
        elif event.y == 0:
            metric = next((metric for cells, metric in self._metric_cells if event.x in cells), None)
            if metric is not None:
                self.post_message(self.MetricClicked(metric))
        elif event.y == 1:
            kind = next((kind for cells, kind in self._kind_cells if event.x in cells), None)
            if kind is not None:
                self.post_message(self.KindClicked(kind))


def _draw_reading(view: View, style: DrawStyle, elsewhere: str, room: int) -> list[Segment]:
    """Draw when the mappings were read, and what grew elsewhere since then; the latter if there is room for one."""
    when = [Segment(f" {reading_text(view)} ", style.quiet)] if reading_text(view) else []
    grown = [Segment("  elsewhere ", style.quiet), Segment(f"{elsewhere} ", style.base)] if elsewhere else []
    return next((pieces for pieces in ([*when, *grown], grown or when) if _cells(pieces) <= room), [])


def _draw_figure(figure: Figure, style: DrawStyle, *, chosen: bool) -> list[Segment]:
    """Draw one figure; the metric chosen is underlined."""
    ink = style.quiet if figure.is_of_others or not figure.change else style.change_style(figure.change)
    amount = style.quiet if figure.is_earlier else style.bold if chosen else style.base
    return [
        Segment(" ", style.base),
        Segment(figure.label, style.bold + _CHOSEN if chosen else style.quiet),
        Segment(" ", style.base),
        Segment(fmt.pad(figure.amount, figure.width), amount),
        Segment(fmt.pad(f" {figure.change_text}", figure.change_width), ink),
    ]


def _draw_limit(limit: LimitText, style: DrawStyle) -> list[Segment]:
    """Draw a limit, conspicuously when it is near."""
    ink = (style.base, style.warning, style.warning + Style(reverse=True))[limit.level]
    return [Segment(f" {limit.label} ", style.quiet), Segment(limit.text, ink), Segment(" ", style.base)]


def _draw_faults(view: View, style: DrawStyle, room: int) -> list[Segment]:
    """Draw the faults per second, as far as there is room."""
    for parts in faults_choices(view):
        segments = [
            segment
            for label, value in parts
            for segment in (Segment(f" {label} ", style.quiet), Segment(f"{value:<6} ", style.base))
        ]
        if _cells(segments) <= room:
            return segments
    return []


def _cells(segments: Sequence[Segment]) -> int:
    """Width of segments."""
    return sum(fmt.cell_width(segment.text) for segment in segments)
