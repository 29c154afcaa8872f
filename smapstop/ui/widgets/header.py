"""Header: the process watched, its state, whether the view is live, and the cost of sampling."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.status import Header, header_of, next_run_offers
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.state.session import Session
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.theme.contrast import ensure_legible

_MIN_NAME = 20
"""Cells that the name may take on any terminal; on a wide one it may take a quarter of the line."""
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
_GAP_CELLS = 3
"""Cells between two facts."""
_OFFER = Style(bold=True, underline=True)


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
        """Draw the process; the least important facts are left out when there is no room."""
        base = self.rich_style
        header = self._header
        if self._notice or header is None or y:
            warning = ensure_legible(base + Style(color=palette_of(self.app).gain, bold=True))
            return Strip([Segment(fmt.pad(fmt.clip(f" {self._notice}", width), width), warning)], width)
        mode = header.mode
        name = f" {fmt.shorten_middle(header.name, max(_MIN_NAME, width // 4))} "
        facts, costs = list(header.process_facts), list(header.costs)

        offers = list(header.offers)

        def left() -> str:
            return name + " " + "   ".join([*facts, *offers[:1]])

        def right() -> str:
            return "   ".join([mode, *costs]) + " "

        while fmt.cell_width(left()) + fmt.cell_width(right()) + 2 > width and (len(facts) > 1 or costs):
            if len(offers) > 1 and not costs:
                offers.pop(0)
            else:
                drops_fact = len(facts) > 2 or not costs
                (facts if drops_fact else costs).pop(0 if drops_fact and offers else -1)  # how it ended is the last
        mode = fmt.clip(mode, max(1, width - fmt.cell_width(left()) - 2))
        gap = " " * max(1, width - fmt.cell_width(left()) - fmt.cell_width(right()))
        at = width - fmt.cell_width(right())
        self._actions = [
            (range(fmt.cell_width(name)), _FAMILY_ACTION),
            *_fact_actions(facts, fmt.cell_width(name) + 1),
        ]
        self._actions.append((range(at, at + fmt.cell_width(mode)), _MODE_ACTION))
        if offers:
            end = fmt.cell_width(left())
            self._actions.append((range(end - fmt.cell_width(offers[0]), end), _RUN_ACTION))
        if costs:
            at += fmt.cell_width(mode) + 3
            self._actions.append((range(at, at + fmt.cell_width(costs[0])), _BASELINE_ACTION))
            self._actions += _fact_actions(costs, at)
        palette = palette_of(self.app)
        colour = palette.foreground if header.moving else palette.gain
        return Strip(
            [
                Segment(name, base + Style(bold=True, reverse=True)),
                Segment(" " + "   ".join(facts) + "   " * bool(offers), base),
                Segment("".join(offers[:1]), base + _OFFER),
                Segment(gap, base),
                Segment(mode, ensure_legible(base + Style(color=colour, bold=True))),
                Segment("".join(f"   {cost}" for cost in costs) + " ", base),
            ]
        ).adjust_cell_length(width, base)

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


def _fact_actions(facts: Sequence[str], at: int) -> Iterator[tuple[range, str]]:
    """Cells of the facts from a cell on that do something when they are clicked, and what."""
    for fact in facts:
        end = at + fmt.cell_width(fact)
        for pattern, action in _FACT_ACTIONS:
            if pattern.fullmatch(fact):
                yield range(at, end), action
        at = end + _GAP_CELLS
