"""The dashboard: owns one source, its timeline, and how the user looks at it."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import ContentSwitcher, Input, Static

from smapstop.errors import SmapstopError
from smapstop.model.activity import Activity
from smapstop.model.arrange import Sorting, filter_of, members_filter
from smapstop.model.lens import Lens
from smapstop.model.playing import Playing
from smapstop.model.requests import Attach, Failure, Launch, Notice, Over, Signal, Target
from smapstop.model.scene import Scene, look
from smapstop.model.tick import Tick
from smapstop.model.timeline import Timeline
from smapstop.settings import Pick, Replay, Settings
from smapstop.source import Source
from smapstop.ui.calm import CalmOrder
from smapstop.ui.columns import SORTABLE, chosen, sorted_beside, sorted_by
from smapstop.ui.facts import ending_text, header_of
from smapstop.ui.keys import bindings
from smapstop.ui.messages import Heard, Stale
from smapstop.ui.signals import heed_signals
from smapstop.ui.widgets.detail import MappingDetail
from smapstop.ui.widgets.events import EventsPane
from smapstop.ui.widgets.filter import FilterLine
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.keybar import KeyBar
from smapstop.ui.widgets.table import MappingTable
from smapstop.ui.widgets.timebar import TimeBar
from smapstop.ui.widgets.totals import Totals

if TYPE_CHECKING:  # what not every run needs is imported when it is needed
    from smapstop.ui.widgets.dock import ProgramDock

ROWS_HINT = "libc   kind:heap   perm:w   rss>10M   delta!=0   !/usr   0x7f…"
EVENTS_HINT = "cow   libc   first touch   !heap"
"""What can be typed to filter."""
Begin = Attach | Launch | Pick | Replay
"""Whom to watch, or what to look at."""
PLAYED_EVERY = 1 / 20
"""How often the past is drawn while it is played, seconds."""
_TOUCHES = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)
GRACE_SECONDS = 2.0
"""How long a program that we end may take to end by itself."""


class Dashboard(App[int]):
    """The live dashboard of one process.

    Args:
        source: Where the ticks come from.
        begin: Whom to watch: a running process, a program to launch on the source's terminal, or one to pick; or that
            the source is a recording.
        settings: How to begin.
        intro: One line that tells what to do and what to watch.
    """

    CSS_PATH = "smapstop.tcss"
    TITLE = "smapstop"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(self, source: Source, begin: Begin, settings: Settings, *, intro: str = "") -> None:
        # without colours Textual's own filter would leave greys: the ansi colours give way entirely
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.source = source
        self.timeline = Timeline()
        self._activity = Activity(self.timeline)
        self._playing: Playing | None = None
        self._over: Over | None = None
        """Nothing more comes: the end of a recording."""
        self.lens = Lens(filter=settings.filter)
        self.failure: Failure | None = None
        """Why the source cannot go on."""
        self._begin, self._settings, self._intro = begin, settings, intro
        self._order = CalmOrder(settings.sorting)
        self._target: Target | None = None
        self._scene: Scene | None = None
        self._touched = 0.0
        """When the user last pressed a key of ours, or used the mouse."""
        self._launched = False
        self._ended = asyncio.Event()

    # the parts of the screen

    def compose(self) -> ComposeResult:
        """The header, the totals, the table or one mapping, and the program's terminal."""
        yield HeaderBar()
        yield Totals()
        yield TimeBar()
        with ContentSwitcher(initial="table"):
            yield MappingTable(chosen(self._settings.columns), id="table")
            yield MappingDetail(id="detail")
        yield FilterLine(ROWS_HINT, filter_of, id="filter-rows")
        yield EventsPane()
        yield FilterLine(EVENTS_HINT, str, id="filter-events")
        if self._intro:
            yield Static(self._intro, id="intro", markup=False)
        if isinstance(self._begin, Launch):
            from smapstop.ui.widgets.dock import ProgramDock

            assert self.source.terminal_fd is not None
            yield ProgramDock(self.source.terminal_fd, self._begin.command)
        yield KeyBar()

    def on_mount(self) -> None:
        """Start to listen, and say whom to watch; a program is launched when its pane knows its size."""
        heed_signals(self.exit)
        self.source.start(lambda news: self.post_message(Heard(news)))
        self.query_one(HeaderBar).notice("reading …")
        self._player = self.set_interval(PLAYED_EVERY, self._play, pause=True)
        self.query_one(MappingTable).focus()
        match self._begin:
            case Attach():
                self.source.request(self._begin)
            case Pick(processes, check):
                from smapstop.ui.screens.pick import PickScreen

                self.push_screen(PickScreen(processes, check), self._picked)

    def on_unmount(self) -> None:
        """Stop listening."""
        self.source.close()

    def on_resize(self, event: events.Resize) -> None:
        """Give up what a small terminal has no room for, the least important first."""
        self.set_class(event.size.height < 32, "-low")
        self.set_class(event.size.height < 16, "-tiny")

    # news from the source

    def _picked(self, pid: int | None) -> None:
        """Attach to the process that the user picked."""
        if pid is None:
            self.exit(0)
        else:
            self.source.request(Attach(pid, self._settings.pace))

    def on_program_pane_sized(self) -> None:
        """Launch the program, once, on a terminal that has its real size."""
        if isinstance(self._begin, Launch) and not self._launched:
            self._launched = True
            self.source.request(self._begin)

    @on(Heard)
    def hear(self, message: Heard) -> None:
        """Take in what the source told."""
        match message.news:
            case Target() as target:
                self._target = target
            case Tick() as tick:
                self.timeline.append(tick)
                if tick.ending is not None:
                    self._end(ending_text(tick.ending))
                self.post_message(Stale())
            case Notice() as notice:
                self.notify(str(SmapstopError(notice.what, notice.remedy)), severity="warning", markup=False)
            case Over() as over:
                self._over = over
                self.post_message(Stale())
            case Failure() as failure:
                self.failure = failure
                self._end("not watched any more")
                if not len(self.timeline):
                    self.exit(failure.status)
                self.query_one(HeaderBar).notice(str(SmapstopError(failure.what, failure.remedy)))

    def _end(self, how: str) -> None:
        """The process ended: what it was stays on the screen."""
        self._ended.set()
        if self._dock is not None:
            self._dock.end(how)
            self.query_one(MappingTable).focus()

    # what is shown

    @on(Stale)
    def redraw(self) -> None:
        """Look at the timeline again, and show what is seen."""
        if self._target is None or not len(self.timeline):
            return
        try:
            scene = look(self.timeline, self.lens)
        except SmapstopError as error:  # a filter that the fields of this kernel cannot answer
            self.notify(str(error), severity="error", markup=False)
            self.lens = replace(self.lens, filter="")
            scene = look(self.timeline, self.lens)
        self._scene = scene
        header, missing = self.query_one(HeaderBar), scene.moment.tick.missing
        if missing and self.failure is None:
            header.notice(missing)
        elif self.failure is None:
            header.show(header_of(self._target, scene, self.timeline, self._over))
        self.query_one(Totals).show(self._target, self.timeline, scene)
        self._activity.follow()
        bar = self.query_one(TimeBar)
        bar.display = self.lens.at is not None or isinstance(self._begin, Replay)
        bar.show(self._activity, scene)
        detail = self.query_one(MappingDetail)
        if detail.display and detail.mapping is not None:
            detail.show(self.timeline, scene, detail.mapping)
        pane = self.query_one(EventsPane)
        if pane.display:
            pane.show(self.timeline, scene, detail.mapping if detail.display else None)
        rows = self._order.rows(scene, time.monotonic() - self._touched)
        table = self.query_one(MappingTable)
        table.show(self.timeline, scene, rows, self._order.sorting, frozen=self._order.frozen)

    def _look(self, lens: Lens) -> None:
        """Look in another way."""
        was, self.lens = self.lens, lens
        if (was.at is None) != (lens.at is None):
            self.refresh_bindings()
        self.post_message(Stale())

    @property
    def _now(self) -> int:
        """The tick that is shown."""
        return self._scene.moment.tick.number if self._scene else 0

    async def on_event(self, event: events.Event) -> None:
        """Do what a key is bound to at once: the next one may already be waiting, and goes where this one sends it.

        By themselves keys go through the queue of what has the focus, and find their way too late. So they still do
        on a screen above, and in a line that is typed into: there they must not overtake the letters before them.
        """
        if isinstance(event, _TOUCHES) and not event.is_forwarded and not self._program_has_keys:
            self._touched = time.monotonic()  # the table does not sort under the user's hands
            if isinstance(event, events.Key) and await self._obey(event.key):
                return
        await super().on_event(event)

    async def _obey(self, key: str) -> bool:
        """Do what a key is bound to, if it is, and if nobody types."""
        bound = self.screen.active_bindings.get(key)
        if bound is None or not bound.enabled or isinstance(self.focused, Input) or len(self.screen_stack) > 1:
            return False
        await self.run_action(bound.binding.action, bound.node)
        return True

    # what the user does: how to look

    def action_pause(self) -> None:
        """Hold what is shown, or go on: follow the process again, or play the recording."""
        if isinstance(self._begin, Replay) and not self.lens.speed:
            self.action_play()
        else:
            self._look(self.lens.held(self._now))

    def action_play(self) -> None:
        """Let time go on from the moment that is shown; again, faster."""
        if len(self.timeline):
            lens = self.lens.played(self._now, len(self.timeline) - 1)
            self._playing = Playing(lens.at or 0, time.monotonic())
            self._player.resume()
            self._look(lens)

    def _play(self) -> None:
        """Go on to the tick that is due."""
        if not self.lens.speed or self._playing is None:
            self._player.pause()
            return
        self._playing = self._playing.on(self.timeline, self.lens.speed, time.monotonic())
        if self._playing.number == len(self.timeline) - 1:
            self._look(self.lens.gone_to(None))
        elif self._playing.number != self.lens.at:
            self._look(replace(self.lens, at=self._playing.number))

    @on(TimeBar.Sought)
    def go_to_tick(self, message: TimeBar.Sought) -> None:
        """The user pointed at a moment."""
        self._look(self.lens.gone_to(message.number))

    def action_happened(self, direction: int) -> None:
        """Go to the nearest tick at which something happened."""
        number = self._activity.beside(self._now, direction)
        if number is not None:
            self._look(self.lens.gone_to(number))
        elif direction > 0:
            self._look(self.lens.gone_to(None))

    def action_step(self, ticks: int) -> None:
        """Go back or forward in time; forward to the newest tick is live."""
        if len(self.timeline):
            self._look(self.lens.stepped(self._now, len(self.timeline) - 1, ticks))

    def action_start(self) -> None:
        """Go to the first tick."""
        self._look(self.lens.gone_to(self.timeline.first))

    def action_live(self) -> None:
        """Follow the process."""
        self._look(self.lens.gone_to(None))

    def action_mark(self) -> None:
        """Mark the moment that is shown, and compare with it."""
        if len(self.timeline):
            number = max(self._now, self.timeline.first)
            self.timeline.keep(number)
            self._look(self.lens.marked(number))

    def action_compare(self) -> None:
        """Compare with something else."""
        self._look(self.lens.compared_otherwise())

    def action_group(self) -> None:
        """Group by something else."""
        self._look(self.lens.grouped_otherwise())

    def action_filter(self) -> None:
        """Type what rows to show."""
        self.query_one("#filter-rows", FilterLine).open(self.lens.filter)

    @on(FilterLine.Typed, "#filter-rows")
    def filter_rows(self, message: FilterLine.Typed) -> None:
        """Filter while the user types."""
        self._look(replace(self.lens, filter=message.expression))

    @on(FilterLine.Done, "#filter-rows")
    def focus_table(self) -> None:
        """Give the keys to the table again."""
        self.query_one(MappingTable).focus()

    def action_help(self) -> None:
        """Explain the keys and the words."""
        from smapstop.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen())

    # what the user does: the order of the rows

    def action_freeze(self) -> None:
        """Hold the order of the rows, or let them move again."""
        self._order.frozen = not self._order.frozen
        self.post_message(Stale())

    def action_sort(self) -> None:
        """Choose what to sort by."""
        from smapstop.ui.screens.sort import SortScreen

        self.push_screen(SortScreen(self._order.sorting), self._sort)

    def action_reverse(self) -> None:
        """Sort in the other direction."""
        self._sort(sorted_by(self._order.sorting.key, self._order.sorting))

    def action_next_sort(self) -> None:
        """Sort by the next column."""
        self._sort(sorted_beside(self.query_one(MappingTable).columns, self._order.sorting, 1))

    def action_previous_sort(self) -> None:
        """Sort by the column before."""
        self._sort(sorted_beside(self.query_one(MappingTable).columns, self._order.sorting, -1))

    @on(MappingTable.SortAsked)
    def sort_by_header(self, message: MappingTable.SortAsked) -> None:
        """A click on a header."""
        if message.key in SORTABLE:
            self._sort(sorted_by(message.key, self._order.sorting))

    def _sort(self, sorting: Sorting | None) -> None:
        if sorting is not None:
            self._order.sorting = sorting
            self.post_message(Stale())

    # what the user does: one mapping

    def action_open(self) -> None:
        """Open the mapping under the cursor."""
        if self.query_one(ContentSwitcher).current == "table":
            self.query_one(MappingTable).action_open()

    @on(MappingTable.Opened)
    def open_mapping(self, message: MappingTable.Opened) -> None:
        """Show one mapping; of a group its mappings."""
        if self._scene is None:
            return
        if message.mapping < 0:
            self._look(replace(self.lens, grouping="none", filter=members_filter(self._scene.sheet, message.mapping)))
            return
        self.query_one(ContentSwitcher).current = "detail"
        detail = self.query_one(MappingDetail)
        detail.show(self.timeline, self._scene, message.mapping)
        detail.focus()
        self.post_message(Stale())

    async def action_back(self) -> None:
        """One step back: from the filter's line, from a mapping to the table, or as the lens has it."""
        typing = next((line for line in self.query(FilterLine) if line.display), None)
        if typing is not None:
            typing.drop()
            return
        switcher = self.query_one(ContentSwitcher)
        if switcher.current == "detail":
            switcher.current = "table"
            self.post_message(Stale())
        else:
            self._look(self.lens.back())
        self.query_one(MappingTable).focus()

    # what the user does: what happened

    def action_events(self) -> None:
        """Show what happened, or hide it."""
        pane = self.query_one(EventsPane)
        if pane.has_focus:
            self.query_one(f"#{self.query_one(ContentSwitcher).current}").focus()
        pane.display = not pane.display
        self.post_message(Stale())

    def action_filter_events(self) -> None:
        """Type what events to show."""
        self.query_one("#filter-events", FilterLine).open(self.query_one(EventsPane).words)

    @on(FilterLine.Typed, "#filter-events")
    def filter_events(self, message: FilterLine.Typed) -> None:
        """Filter while the user types."""
        self.query_one(EventsPane).seek(message.expression)

    @on(FilterLine.Done, "#filter-events")
    def focus_events(self) -> None:
        """Give the keys to the events again."""
        self.query_one(EventsPane).focus()

    @on(EventsPane.Jump)
    def jump_to_mapping(self, message: EventsPane.Jump) -> None:
        """Put the cursor of the table on a mapping; of one that is open there is nothing more to show."""
        table = self.query_one(MappingTable)
        if self.query_one(ContentSwitcher).current != "table":
            return
        table.cursor_id = message.mapping
        table.move_to(table.cursor_index)
        if table.cursor_id == message.mapping:
            table.focus()
        else:
            self.notify("the mapping is not in the table now: it is gone, filtered, or in a group")

    # the program

    @property
    def _dock(self) -> "ProgramDock | None":
        """The place of the launched program, when there is one."""
        return cast("ProgramDock", self.query_one("ProgramDock")) if isinstance(self._begin, Launch) else None

    @property
    def _program_has_keys(self) -> bool:
        return self._dock is not None and self._dock.has_keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While the program has the keys, only one of them is ours; what makes no sense now is no action."""
        if self._program_has_keys:
            return action == "keys_back"
        sensible = {
            "keys_back": False,
            "program": self._dock is not None,
            "play": self.lens.at is not None or isinstance(self._begin, Replay),
        }
        return sensible.get(action, True)

    def action_program(self) -> None:
        """Give the keys to the program."""
        if self._dock is not None:
            self._dock.take_keys()

    def action_keys_back(self) -> None:
        """Take the keys back from the program."""
        self.screen.set_focus(self.query_one(MappingTable))  # at once: the next key may already be waiting

    # the end

    async def action_quit(self) -> None:
        """Leave; what becomes of a program that still runs is for the user to say."""
        ending = self.timeline.ending
        if not isinstance(self._begin, Launch) or self._target is None:
            self.exit(0)
        elif ending is not None:
            self.exit(ending.status if ending.signal is None else 128 + ending.signal)
        elif self.failure is not None:
            self.exit(self.failure.status)
        else:
            from smapstop.ui.screens.quit import QuitScreen

            self.push_screen(QuitScreen(self._begin.command[0], self._target.pid), self._quit_with_program)

    def _quit_with_program(self, choice: str | None) -> None:
        if choice == "leave":
            self.source.leave()
            self.exit(0)
        elif choice == "end":
            self.run_worker(self._end_program(), exclusive=True)

    async def _end_program(self) -> None:
        """End the program as a closing terminal would, by force when it does not listen; then leave."""
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            self.source.request(Signal(number))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), GRACE_SECONDS)
                break
        await self.action_quit()


@contextmanager
def _drawn_on_terminal() -> Iterator[None]:
    """Textual draws on stderr: have that be the terminal meanwhile, wherever the user sent errors to."""
    errors = os.dup(2)
    if not os.isatty(errors):
        os.dup2(1, 2)
    try:
        yield
    finally:
        os.dup2(errors, 2)
        os.close(errors)


def run(source: Source, begin: Begin, settings: Settings, *, intro: str = "") -> int:
    """Show the dashboard until the user leaves; see `Dashboard`.

    Returns:
        The exit status: the launched program's own when it ended.

    Raises:
        SmapstopError: There was nothing to show.
    """
    app = Dashboard(source, begin, settings, intro=intro)
    with _drawn_on_terminal():
        status = app.run()
    if app.failure is not None and not len(app.timeline):
        raise SmapstopError(app.failure.what, app.failure.remedy, status=app.failure.status)
    return status or 0
