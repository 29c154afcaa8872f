"""The dashboard: owns one source, its timeline, and how the user looks at it."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Footer, Input, Static

from smapstop.errors import SmapstopError
from smapstop.model.arrange import Sorting, filter_of
from smapstop.model.requests import Attach, Failure, Launch, Signal, Target
from smapstop.model.scene import Compared, Lens, Scene, look
from smapstop.model.sheet import GROUPINGS
from smapstop.model.tick import Ending, Tick
from smapstop.model.timeline import Timeline
from smapstop.settings import Settings
from smapstop.source import Source
from smapstop.ui import format as fmt
from smapstop.ui.calm import CalmOrder
from smapstop.ui.columns import SORTABLE, chosen
from smapstop.ui.facts import ending_text, header_of
from smapstop.ui.keys import bindings
from smapstop.ui.messages import Heard, Stale
from smapstop.ui.screens.help import HelpScreen
from smapstop.ui.screens.pick import PickScreen
from smapstop.ui.screens.quit import QuitScreen
from smapstop.ui.screens.sort import SortScreen
from smapstop.ui.widgets.detail import MappingDetail
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.processes import Found, require_own
from smapstop.ui.widgets.program import ProgramPane
from smapstop.ui.widgets.table import MappingTable
from smapstop.ui.widgets.totals import Totals

COMPARED: tuple[Compared, ...] = ("previous", "mark", "start")
GRACE_SECONDS = 2.0
"""How long a program that we end may take to end by itself."""


class Dashboard(App[int]):
    """The live dashboard of one process.

    Args:
        begin: Whom to attach to; None when a program is launched, or when the user shall pick a process.
        command: The program to launch on the source's terminal.
        terminal_fd: The master of that terminal.
        intro: One line that tells what to do and what to watch.
        processes: Lists the processes for the picker.
        check: Raises `SmapstopError` when a process that was picked cannot be watched.
    """

    CSS_PATH = "smapstop.tcss"
    TITLE = "smapstop"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(
        self,
        source: Source,
        begin: Attach | None,
        command: tuple[str, ...],
        settings: Settings,
        *,
        terminal_fd: int | None = None,
        intro: str = "",
        processes: Callable[[], Sequence[Found]] = tuple,
        check: Callable[[Found], object] = require_own,
    ) -> None:
        # without colours Textual's own filter would leave greys: the ansi colours give way entirely
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.source = source
        self.timeline = Timeline()
        self.lens = Lens(filter=settings.filter)
        self.failure: Failure | None = None
        """Why there is nothing to show: the source failed before its first tick."""
        self._begin, self._command, self._settings = begin, command, settings
        self._terminal_fd, self._intro = terminal_fd, intro
        self._processes, self._check = processes, check
        self._order = CalmOrder(settings.sorting)
        self._target: Target | None = None
        self._scene: Scene | None = None
        self._last_key = 0.0
        self._launched = False
        self._failed = False
        self._ended = asyncio.Event()

    # the parts of the screen

    def compose(self) -> ComposeResult:
        """The header, the totals, the table or one mapping, and the program's terminal."""
        yield HeaderBar()
        yield Totals()
        with ContentSwitcher(initial="table"):
            yield MappingTable(chosen(self._settings.columns), id="table")
            yield MappingDetail(id="detail")
        yield Input(placeholder="libc   kind:heap   perm:w   rss>10M   delta!=0   !/usr   0x7f…", id="filter")
        if self._intro:
            yield Static(self._intro, id="intro", markup=False)
        if self._terminal_fd is not None:
            with Vertical(id="program"):
                yield ProgramPane(self._terminal_fd)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Start to listen; a program is launched when its pane knows its size."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._leave_at_once, 128 + number)
        self.source.start(lambda news: self.post_message(Heard(news)))
        self.query_one(HeaderBar).notice("reading …")
        self.query_one(MappingTable).focus()
        if self._begin is not None:
            self.source.request(self._begin)
        elif not self._command:
            self.push_screen(PickScreen(self._processes, self._check), self._picked)
        else:
            self._title_program("press t to type into it")

    def on_unmount(self) -> None:
        """Stop listening."""
        self.source.close()

    def on_resize(self, event: events.Resize) -> None:
        """Give up what a small terminal has no room for, the least important first."""
        height = event.size.height
        self.set_class(height < 32, "-low")
        self.set_class(height < 16, "-tiny")

    @property
    def _pane(self) -> ProgramPane | None:
        """The program's terminal, when there is one."""
        return self.query_one(ProgramPane) if self._terminal_fd is not None else None

    # news from the source

    def _picked(self, pid: int | None) -> None:
        """Attach to the process that the user picked."""
        if pid is None:
            self.exit(0)
        else:
            self.source.request(Attach(pid, self._settings.pace))

    @on(ProgramPane.Sized)
    def launch(self) -> None:
        """Launch the program, once, on a terminal that has its real size."""
        if self._command and not self._launched:
            self._launched = True
            self.source.request(Launch(self._command, self._settings.pace))

    @on(Heard)
    def hear(self, message: Heard) -> None:
        """Take in what the source told."""
        match message.news:
            case Target() as target:
                self._target = target
            case Tick() as tick:
                self.timeline.append(tick)
                if tick.ending is not None:
                    self._end(tick.ending)
                self.post_message(Stale())
            case Failure() as failure:
                self._fail(failure)

    def _end(self, ending: Ending) -> None:
        """The process ended: what it was stays on the screen."""
        self._ended.set()
        if self._pane is not None:
            self._title_program(ending_text(ending))
            if self._pane.has_focus:
                self.action_program()

    def _fail(self, failure: Failure) -> None:
        """Without a tick there is nothing to show; after one the header says what is wrong."""
        self._ended.set()
        self._failed = True
        if len(self.timeline):
            self.query_one(HeaderBar).notice(str(SmapstopError(failure.what, failure.remedy)))
        else:
            self.failure = failure
            self.exit(failure.status)

    def _title_program(self, state: str) -> None:
        """The title of the program's pane: what runs in it, and how it goes, or how to get out."""
        self.query_one("#program").border_title = fmt.clip(" ".join(self._command), 60)
        self.query_one("#program").border_subtitle = state

    # what is shown

    @on(Stale)
    def redraw(self) -> None:
        """Look at the timeline again, and show what is seen."""
        if self._target is None or not len(self.timeline):
            return
        try:
            scene = look(self.timeline, self.lens)
        except SmapstopError as error:
            self._refuse_filter(error)
            scene = look(self.timeline, self.lens)
        self._scene = scene
        header = self.query_one(HeaderBar)
        if not self._failed:
            header.show(header_of(self._target, scene, self.timeline))
        self.query_one(Totals).show(self._target, self.timeline, scene)
        detail, table = self.query_one(MappingDetail), self.query_one(MappingTable)
        if detail.display and detail.mapping is not None:
            detail.show(self.timeline, scene, detail.mapping)
        rows = self._order.rows(scene, time.monotonic() - self._last_key)
        table.show(self.timeline, scene, rows, self._order.sorting, frozen=self._order.frozen)

    def _look(self, **changes: object) -> None:
        """Look in another way."""
        self.lens = replace(self.lens, **changes)  # type: ignore[arg-type]
        self.post_message(Stale())

    async def on_event(self, event: events.Event) -> None:
        """Note when the user last pressed a key: the table does not sort under their hands."""
        if isinstance(event, events.Key) and not (self._pane is not None and self._pane.has_focus):
            self._last_key = time.monotonic()
        await super().on_event(event)

    # what the user does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While the program has the keys, none of them is ours; but for the one that its pane hands back."""
        if self._pane is not None and self._pane.has_focus:
            return False
        return not (action == "program" and self._pane is None)

    def action_help(self) -> None:
        """Explain the keys and the words."""
        self.push_screen(HelpScreen())

    def action_pause(self) -> None:
        """Hold what is shown, or follow the process again."""
        if self._scene is not None:
            self._look(at=self._scene.moment.tick.number if self.lens.at is None else None)

    def action_step(self, ticks: int) -> None:
        """Go back or forward in time; past the newest tick is live."""
        if self._scene is not None:
            at = max(0, self._scene.moment.tick.number + ticks)
            self._look(at=None if at >= len(self.timeline) - 1 and ticks > 0 else min(at, len(self.timeline) - 1))

    def action_start(self) -> None:
        """Go to the first tick."""
        self._look(at=0)

    def action_live(self) -> None:
        """Follow the process."""
        self._look(at=None)

    def action_mark(self) -> None:
        """Mark the moment that is shown, and compare with it."""
        if self._scene is not None:
            self._look(mark=self._scene.moment.tick.number, compared="mark")

    def action_compare(self) -> None:
        """Compare with the next of: the previous tick, the mark, the start."""
        choices = [choice for choice in COMPARED if choice != "mark" or self.lens.mark is not None]
        at = choices.index(self.lens.compared) if self.lens.compared in choices else 0
        self._look(compared=choices[(at + 1) % len(choices)])

    def action_group(self) -> None:
        """Group by the next of: nothing, name, kind, file."""
        grouping = GROUPINGS[(GROUPINGS.index(self.lens.grouping) + 1) % len(GROUPINGS)]
        self._look(grouping=grouping)

    def action_freeze(self) -> None:
        """Hold the order of the rows, or let them move again."""
        self._order.frozen = not self._order.frozen
        self.post_message(Stale())

    def action_sort(self) -> None:
        """Choose what to sort by."""
        self.push_screen(SortScreen(self._order.sorting), self._sort)

    def action_reverse(self) -> None:
        """Sort in the other direction."""
        self._sort(replace(self._order.sorting, descending=not self._order.sorting.descending))

    def action_next_sort(self) -> None:
        """Sort by the next column that is shown."""
        self._sort_beside(1)

    def action_previous_sort(self) -> None:
        """Sort by the column before."""
        self._sort_beside(-1)

    def _sort_beside(self, columns: int) -> None:
        keys = ["moved", *(c.key for c in self.query_one(MappingTable).columns if c.key in SORTABLE)]
        at = keys.index(self._order.sorting.key) if self._order.sorting.key in keys else 0
        self._sort_by(keys[(at + columns) % len(keys)])

    def _sort_by(self, key: str) -> None:
        """Sort by a column in the direction that users expect, or turn it when it is the one already."""
        if key == self._order.sorting.key:
            self.action_reverse()
        else:
            self._sort(Sorting(key, descending=SORTABLE[key].descending if key in SORTABLE else True))

    def _sort(self, sorting: Sorting | None) -> None:
        if sorting is not None:
            self._order.sorting = sorting
            self.post_message(Stale())

    @on(MappingTable.SortAsked)
    def sort_by_header(self, message: MappingTable.SortAsked) -> None:
        """A click on a header."""
        if message.key in SORTABLE:
            self._sort_by(message.key)

    @on(MappingTable.Opened)
    def open_mapping(self, message: MappingTable.Opened) -> None:
        """Show one mapping; of a group its mappings."""
        if self._scene is None:
            return
        if message.mapping < 0:
            self._open_group(message.mapping)
            return
        self.query_one(ContentSwitcher).current = "detail"
        detail = self.query_one(MappingDetail)
        detail.show(self.timeline, self._scene, message.mapping)
        detail.focus()

    def _open_group(self, group: int) -> None:
        """Show the mappings of a group."""
        assert self._scene is not None
        sheet = self._scene.sheet
        row = int((sheet.ids == group).nonzero()[0][0])
        name = sheet.texts[int(sheet.name[row])]
        expression = name if name.startswith(("/", "[")) and " " not in name else f"kind:{self._kind_of(row)}"
        self._look(grouping="none", filter=expression)

    def _kind_of(self, row: int) -> str:
        """The kind of a row of the scene's sheet."""
        from smapstop.model.kinds import Kind

        assert self._scene is not None
        return list(Kind)[int(self._scene.sheet.kind[row])].value

    def action_open(self) -> None:
        """Open the mapping under the cursor."""
        if self.query_one(ContentSwitcher).current == "table":
            self.query_one(MappingTable).action_open()

    async def action_back(self) -> None:
        """One step back: from a mapping to the table, from the filter to everything, from the past to now."""
        switcher, filter_input = self.query_one(ContentSwitcher), self.query_one("#filter", Input)
        if filter_input.display:
            filter_input.display = False
            self.query_one(MappingTable).focus()
        elif switcher.current == "detail":
            switcher.current = "table"
            self.query_one(MappingTable).focus()
        elif self.lens.filter:
            filter_input.value = ""
            self._look(filter="")
        elif self.lens.grouping != "none":
            self._look(grouping="none")
        elif self.lens.at is not None:
            self._look(at=None)

    # the filter

    def action_filter(self) -> None:
        """Type what rows to show."""
        filter_input = self.query_one("#filter", Input)
        filter_input.value = self.lens.filter
        filter_input.display = True
        filter_input.focus()

    @on(Input.Changed, "#filter")
    def filter_typed(self, message: Input.Changed) -> None:
        """Filter while the user types, as far as it makes sense yet."""
        if not self.query_one("#filter").display:
            return
        with suppress(SmapstopError):
            filter_of(message.value)
            self._look(filter=message.value.strip())

    @on(Input.Submitted, "#filter")
    def filter_done(self, message: Input.Submitted) -> None:
        """Keep the filter, or say what is wrong with it."""
        try:
            filter_of(message.value)
        except SmapstopError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.query_one("#filter").display = False
        self.query_one(MappingTable).focus()

    def _refuse_filter(self, error: SmapstopError) -> None:
        """Drop a filter that this kernel's fields cannot answer."""
        self.notify(str(error), severity="error", markup=False)
        self.lens = replace(self.lens, filter="")

    # the program

    def action_program(self) -> None:
        """Give the keys to the program, or take them back."""
        pane = self._pane
        if pane is None:
            return
        if pane.has_focus or self._ended.is_set():
            self.query_one(MappingTable).focus()
        else:
            pane.focus()

    @on(ProgramPane.HandBack)
    def take_keys_back(self) -> None:
        """The one key of the pane that is ours."""
        self.action_program()

    def on_descendant_focus(self) -> None:
        """Say in the pane's title who has the keys."""
        self._say_who_has_the_keys()

    def on_descendant_blur(self) -> None:
        """Say in the pane's title who has the keys."""
        self._say_who_has_the_keys()

    def _say_who_has_the_keys(self) -> None:
        pane = self._pane
        if pane is None or self._ended.is_set():
            return
        self._title_program("F12 takes the keys back" if pane.has_focus else "press t to type into it")
        self.refresh_bindings()

    async def action_quit(self) -> None:
        """Leave; what becomes of a program that still runs is for the user to say."""
        ending = self.timeline.ending
        if ending is not None and self._command:
            self.exit(ending.status if ending.signal is None else 128 + ending.signal)
        elif not self._command or self._ended.is_set() or self._target is None:
            self.exit(0)
        else:
            self.push_screen(QuitScreen(self._command[0], self._target.pid), self._quit_with_program)

    def _quit_with_program(self, choice: str | None) -> None:
        if choice == "leave":
            self.source.leave()
            self.exit(0)
        elif choice == "end":
            self.run_worker(self._end_program(), exclusive=True)

    async def _end_program(self) -> None:
        """End the program as a closing terminal would, and by force when it does not listen; then leave."""
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            self.source.request(Signal(number))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), GRACE_SECONDS)
                break
        await self.action_quit()

    def _leave_at_once(self, status: int) -> None:
        """We were told to end: with our terminal the program's goes, too."""
        self.exit(status)


def run(
    source: Source,
    begin: Attach | None,
    command: tuple[str, ...],
    settings: Settings,
    *,
    terminal_fd: int | None = None,
    intro: str = "",
    processes: Callable[[], Sequence[Found]] = tuple,
    check: Callable[[Found], object] = require_own,
) -> int:
    """Show the dashboard until the user leaves; see `Dashboard`.

    Returns:
        The exit status: the launched program's own when it ended.

    Raises:
        SmapstopError: There was nothing to show.
    """
    app = Dashboard(
        source, begin, command, settings, terminal_fd=terminal_fd, intro=intro, processes=processes, check=check
    )
    status = app.run()
    if app.failure is not None:
        raise SmapstopError(app.failure.what, app.failure.remedy, status=app.failure.status)
    return status or 0
