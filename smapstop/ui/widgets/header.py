"""Header: the process watched, its state, whether the view is live, and the cost of sampling."""

import re
from dataclasses import replace

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.status import Header, header_of, next_run_offers
from smapstop.ui.drawing.header_line import HeaderLine, draw_header_line, fit_header, spans_of
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.state.session import Session
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.theme.contrast import ensure_legible

_MODE_ACTION, _BASELINE_ACTION, _RUN_ACTION = "screen.pause", "screen.compare", "app.command('run')"
_FAMILY_ACTION = "app.command('family')"
_FACT_ACTIONS = (
    (re.compile(r"run \d+"), "screen.runs"),
    (re.compile(r"\d+"), _FAMILY_ACTION),
    (re.compile(r"\d+ threads?"), "app.command('threads')"),
    (re.compile(r"read .*"), "app.command('help cost')"),
)
"""What a click on a fact does, by its text."""
_TOOLTIPS = {
    _MODE_ACTION: "Click: pause or resume.",
    _BASELINE_ACTION: "What Δ is against. Click: compare with the next.",
    _RUN_ACTION: "Click: run it again.",
    _FAMILY_ACTION: "Click: its family, the processes that share its memory.",
    "screen.runs": "Click: the list of runs.",
    "app.command('threads')": "Click: the list of threads.",
    "app.command('help cost')": "What the last reading took, and as a share of one CPU. Click: more about it.",
}


class HeaderBar(Widget):
    """One line: the process on the left, mode and cost on the right; a click goes to what a part is about."""

    DEFAULT_CSS = "HeaderBar { height: 1; background: $panel; color: $foreground; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._header: Header | None = None
        self._notice = ""
        self._notice_is_final = False
        self._way_back, self._back_action = "", ""
        self._actions: list[tuple[range, str]] = []
        """Cells that do something when they are clicked, and what."""

    def show(self, header: Header) -> None:
        """Show a header, unless a final notice is shown."""
        if not self._notice_is_final and (header != self._header or self._notice):
            self._header, self._notice = header, ""
            self.refresh()

    def show_view(self, session: Session, view: View, *, numbered: bool) -> None:
        """Show the process of a view, or why it cannot be read; with the number of its run if there are several."""
        missing, run = view.snapshot.tick.missing, session.run
        if missing or run is None:
            self.show_notice(missing)
            return
        number, overdue_seconds = run.number if numbered else 0, session.overdue_seconds * session.is_newest_run
        over = session.end_of_recording
        header = header_of(run.target, view, session.timeline, over, run=number, overdue_seconds=overdue_seconds)
        has_ended = session.is_newest_run and session.timeline.ending is not None
        if has_ended and over is None and session.failure is None:
            key, launched = key_of(self.app, "run_again"), run.target.launched
            offers = next_run_offers(header.name, key, launched=launched, awaited=session.awaits_next)
            header = replace(header, offers=offers)
        self.show(header)

    def show_notice(self, text: str) -> None:
        """Show a notice instead of the header: why no process is shown."""
        if not self._notice_is_final:
            self._notice = text
            self.refresh()

    def show_final_notice(self, text: str) -> None:
        """Show a notice from now on: why the source stopped."""
        self.show_notice(text)
        self._notice_is_final = True

    def show_way_back(self, text: str | None, action: str) -> None:
        """Show at the right how a part that fills the screen is left; None when all parts are shown.

        Args:
            text: What to press.
            action: What a click does.
        """
        self._way_back, self._back_action = f" {text} " if text else "", action
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line, and at its end how to leave the part that fills the screen."""
        width, base = self.size.width, self.rich_style
        room = width - fmt.cell_width(self._way_back)
        tail = Strip([Segment(self._way_back, base + Style(bold=True, reverse=True))])
        return Strip.join([self._draw(y, room), tail]).adjust_cell_length(width, base)

    def _draw(self, y: int, width: int) -> Strip:
        """Draw the process, or the notice."""
        base, palette, header = self.rich_style, palette_of(self.app), self._header
        if self._notice or header is None or y:
            warning = ensure_legible(base + Style(color=palette.gain, bold=True))
            return Strip([Segment(fmt.pad(fmt.clip(f" {self._notice}", width), width), warning)], width)
        line = fit_header(header, width)
        self._actions = _actions_of(line, width)
        colour = palette.foreground if header.moving else palette.gain
        return draw_header_line(line, width, base, ensure_legible(base + Style(color=colour, bold=True)))

    def _action_at(self, x: int) -> str:
        """What a click on a cell does; empty for nothing."""
        return "" if self._notice else next((action for cells, action in self._actions if x in cells), "")

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say what a click does."""
        self.tooltip = _TOOLTIPS.get(self._action_at(event.x))

    async def on_click(self, event: events.Click) -> None:
        """Go to what was clicked: the family, the threads, the runs; pause, compare, or show all parts again."""
        if event.x >= self.size.width - fmt.cell_width(self._way_back):
            await self.run_action(self._back_action)
            return
        action = self._action_at(event.x)
        if action:
            await self.run_action(action)


def _actions_of(line: HeaderLine, width: int) -> list[tuple[range, str]]:
    """Cells of a line that do something when they are clicked, and what."""
    facts = [*line.facts, *line.offers[:1]]
    actions = [_FAMILY_ACTION, *map(_fact_action, line.facts), *([_RUN_ACTION] if line.offers else [])]
    left = [range(fmt.cell_width(line.name)), *spans_of(facts, fmt.cell_width(line.name) + 1)]
    costs = [_fact_action(cost) for cost in line.costs]
    right = spans_of([line.mode, *line.costs], width - fmt.cell_width(line.right))
    actions += [_MODE_ACTION, *([_BASELINE_ACTION, *costs[1:]] if costs else [])]
    return [(cells, action) for cells, action in zip([*left, *right], actions, strict=True) if action]


def _fact_action(fact: str) -> str:
    """What a click on a fact does; empty for nothing."""
    return next((action for pattern, action in _FACT_ACTIONS if pattern.fullmatch(fact)), "")
