"""The dashboard: owns one source, its timeline, and how the user looks at it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import ContentSwitcher, Input, Static

from smapstop.errors import SmapstopError
from smapstop.model.arrange import Sorting, filter_of, members_filter
from smapstop.model.earlier import ELSEWHERE
from smapstop.model.lens import Lens
from smapstop.model.playing import Playing
from smapstop.model.requests import Attach, Failure, Launch, Notice, Over, PagesSeen, Refusal, SymbolsSeen, Target
from smapstop.model.runs import Run
from smapstop.model.tick import Tick
from smapstop.model.timeline import Timeline
from smapstop.settings import Pick, Replay, Settings
from smapstop.source import Source
from smapstop.ui.columns import SORTABLE, chosen, sorted_beside, sorted_by
from smapstop.ui.facts import compared_text, ending_text, header_of
from smapstop.ui.keys import bindings
from smapstop.ui.launching import Launching, Rebuilds
from smapstop.ui.looking import Carried, Looking
from smapstop.ui.messages import Heard, Stale
from smapstop.ui.signals import heed_signals
from smapstop.ui.widgets.detail import MappingDetail
from smapstop.ui.widgets.events import EventsPane
from smapstop.ui.widgets.filter import FilterLine
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.keybar import KeyBar
from smapstop.ui.widgets.pages import MappingPages
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


class Dashboard(App[int]):
    """The live dashboard of one process.

    Args:
        source: Where the ticks come from.
        begin: Whom to watch: a running process, a program to launch on the source's terminal, or one to pick; or that
            the source is a recording.
        settings: How to begin.
        intro: One line that tells what to do and what to watch.
        rebuilds: At each of them the launched program begins anew.
    """

    CSS_PATH = "smapstop.tcss"
    TITLE = "smapstop"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(
        self, source: Source, begin: Begin, settings: Settings, *, intro: str = "", rebuilds: Rebuilds | None = None
    ) -> None:
        # without colours Textual's own filter would leave greys: the ansi colours give way entirely
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.source = source
        self.looking = Looking(Lens(filter=settings.filter), settings.sorting)
        self._playing: Playing | None = None
        self._over: Over | None = None
        """Nothing more comes: the end of a recording."""
        self.failure: Failure | None = None
        """Why the source cannot go on."""
        self._begin, self._settings, self._intro = begin, settings, intro
        self._rebuilds = rebuilds
        self._touched = 0.0
        """When the user last pressed a key of ours, or used the mouse."""

    @property
    def timeline(self) -> Timeline:
        """That of the run that is looked at."""
        return self.looking.timeline

    @property
    def lens(self) -> Lens:
        """How it is looked at."""
        return self.looking.lens

    # the parts of the screen

    def compose(self) -> ComposeResult:
        """The header, the totals, the table or one mapping, and the program's terminal."""
        yield HeaderBar()
        yield Totals()
        yield TimeBar()
        with ContentSwitcher(initial="table"):
            yield MappingTable(chosen(self._settings.columns), id="table")
            yield MappingDetail(id="detail")
            yield MappingPages(id="pages")
        yield FilterLine(ROWS_HINT, filter_of, id="filter-rows")
        yield EventsPane()
        yield FilterLine(EVENTS_HINT, str, id="filter-events")
        if self._intro:
            yield Static(self._intro, id="intro", markup=False)
        if isinstance(self._begin, Launch):
            from smapstop.ui.widgets.dock import ProgramDock

            assert self.source.terminal_fd is not None
            launching = Launching(self.source, self._begin)
            yield ProgramDock(self.source.terminal_fd, launching, self._rebuilds)
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

    @on(Heard)
    def hear(self, message: Heard) -> None:
        """Take in what the source told."""
        match message.news:
            case Target() as target:
                self._begin_run(target)
            case Tick() as tick:
                newest = self.looking.runs.newest
                assert newest is not None, "a target comes before its ticks"
                newest.timeline.append(tick)
                if tick.ending is not None:
                    self._end(ending_text(tick.ending))
                self.post_message(Stale())
            case Refusal() as refusal:
                self._refuse(str(SmapstopError(refusal.what, refusal.remedy)))
            case PagesSeen() | SymbolsSeen() as seen:
                self.query_one(MappingPages).hear(seen)
            case Notice() as notice:
                self.notify(str(SmapstopError(notice.what, notice.remedy)), severity="warning", markup=False)
            case Over() as over:
                self._over = over
                self.post_message(Stale())
            case Failure() as failure:
                self.failure = failure
                if self._dock is not None:
                    self._dock.lost("not watched any more")
                    self.query_one(MappingTable).focus()
                if not self.looking.anything:
                    self.exit(failure.status)
                self.query_one(HeaderBar).notice(str(SmapstopError(failure.what, failure.remedy)))

    def _end(self, how: str) -> None:
        """The process ended: what it was stays on the screen."""
        if self._dock is not None and not self._dock.ended(how):
            self.query_one(MappingTable).focus()

    def _refuse(self, why: str) -> None:
        """The program could not begin again: say why, and wait for the next rebuild."""
        self.notify(why, severity="error", markup=False)
        if self._dock is not None:
            self._dock.refused(why)
            self.query_one(MappingTable).focus()

    # what is shown

    @on(Stale)
    def redraw(self) -> None:
        """Look at the timeline again, and show what is seen."""
        try:
            scene = self.looking.see()
        except SmapstopError as error:  # a filter that the fields of this kernel cannot answer
            self.notify(str(error), severity="error", markup=False)
            self.looking.look(replace(self.lens, filter=""))
            scene = self.looking.see()
        run = self.looking.run
        if scene is None or run is None:
            return
        header, missing = self.query_one(HeaderBar), scene.moment.tick.missing
        if missing and self.failure is None:
            header.notice(missing)
        elif self.failure is None:
            number = run.number if self._rebuilds is not None else 0
            header.show(header_of(run.target, scene, self.timeline, self._over, number))
        self.query_one(Totals).show(run.target, self.timeline, scene)
        bar = self.query_one(TimeBar)
        bar.display = self.lens.at is not None or isinstance(self._begin, Replay)
        bar.show(self.looking.activity, scene)
        self._carry_over()
        opened = self._opened
        if opened is not None and opened.mapping is not None:
            opened.show(self.timeline, scene, opened.mapping)
        pane = self.query_one(EventsPane)
        if pane.display:
            pane.show(self.timeline, scene, opened.mapping if opened else None)
        rows = self.looking.order.rows(scene, time.monotonic() - self._touched)
        table = self.query_one(MappingTable)
        table.show(self.timeline, scene, rows, self.looking.order.sorting, frozen=self.looking.order.frozen)

    def _look(self, lens: Lens) -> None:
        """Look in another way."""
        live = self.lens.at is None
        self.looking.look(lens)
        if live != (self.lens.at is None):
            self.refresh_bindings()
        self.post_message(Stale())

    async def on_event(self, event: events.Event) -> None:
        """Do what a key is bound to at once: the next one may already be waiting, and goes where this one sends it.

        By themselves keys go through the queue of what has the focus, and find their way too late. So they still do
        on a screen above, and in a line that is typed into: there they must not overtake the letters before them.
        """
        if isinstance(event, _TOUCHES) and not event.is_forwarded and not self._program_has_keys:
            self.looking.carried = None
            self._touched = time.monotonic()  # the table does not sort under the user's hands
            if isinstance(event, events.Key) and await self._obey(event.key):
                return
        await super().on_event(event)

    async def _obey(self, key: str) -> bool:
        """Do what a key is bound to, if it is, and if nobody types."""
        bound = self.screen.active_bindings.get(key)
        if bound is None or not bound.enabled or isinstance(self.focused, Input) or len(self.screen_stack) > 1:
            return False
        # an action may skip, as copying does without a selection
        return await self.run_action(bound.binding.action, bound.node)

    # what the user does: how to look

    def action_pause(self) -> None:
        """Hold what is shown, or go on: follow the process again, or play the recording."""
        if isinstance(self._begin, Replay) and not self.lens.speed:
            self.action_play()
        else:
            self._look(self.lens.held(self.looking.now))

    def action_play(self) -> None:
        """Let time go on from the moment that is shown; again, faster."""
        if len(self.timeline):
            lens = self.lens.played(self.looking.now, len(self.timeline) - 1)
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
        number = self.looking.activity.beside(self.looking.now, direction)
        if number is not None:
            self._look(self.lens.gone_to(number))
        elif direction > 0:
            self._look(self.lens.gone_to(None))

    def action_step(self, ticks: int) -> None:
        """Go back or forward in time; forward to the newest tick is live."""
        if len(self.timeline):
            self._look(self.lens.stepped(self.looking.now, len(self.timeline) - 1, ticks))

    def action_start(self) -> None:
        """Go to the first tick."""
        self._look(self.lens.gone_to(self.timeline.first))

    def action_live(self) -> None:
        """Follow the process; it may have begun again meanwhile."""
        newest = self.looking.runs.newest
        if newest is not None and not self.looking.newest_run:
            self._show_run(newest)
        else:
            self._look(self.lens.gone_to(None))

    def action_mark(self) -> None:
        """Mark the moment that is shown, and compare with it."""
        if len(self.timeline):
            number = max(self.looking.now, self.timeline.first)
            self.timeline.keep(number)
            self._look(self.lens.marked(number))

    def action_compare(self) -> None:
        """Compare with something else."""
        self._look(self.lens.compared_otherwise(earlier=self.looking.earlier is not None))

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
        self.looking.order.frozen = not self.looking.order.frozen
        self.post_message(Stale())

    def action_sort(self) -> None:
        """Choose what to sort by."""
        from smapstop.ui.screens.sort import SortScreen

        self.push_screen(SortScreen(self.looking.order.sorting), self._sort)

    def action_reverse(self) -> None:
        """Sort in the other direction."""
        self._sort(sorted_by(self.looking.order.sorting.key, self.looking.order.sorting))

    def action_next_sort(self) -> None:
        """Sort by the next column."""
        self._sort(sorted_beside(self.query_one(MappingTable).columns, self.looking.order.sorting, 1))

    def action_previous_sort(self) -> None:
        """Sort by the column before."""
        self._sort(sorted_beside(self.query_one(MappingTable).columns, self.looking.order.sorting, -1))

    @on(MappingTable.SortAsked)
    def sort_by_header(self, message: MappingTable.SortAsked) -> None:
        """A click on a header."""
        if message.key in SORTABLE:
            self._sort(sorted_by(message.key, self.looking.order.sorting))

    def _sort(self, sorting: Sorting | None) -> None:
        if sorting is not None:
            self.looking.order.sorting = sorting
            self.post_message(Stale())

    # what the user does: one mapping

    def action_open(self) -> None:
        """Open the mapping under the cursor."""
        if self.query_one(ContentSwitcher).current == "table":
            self.query_one(MappingTable).action_open()

    @on(MappingTable.Opened)
    def open_mapping(self, message: MappingTable.Opened) -> None:
        """Show one mapping; of a group its mappings."""
        if self.looking.scene is None:
            return
        if message.mapping >= ELSEWHERE:
            self.notify(f"only {compared_text(self.looking.scene, self.timeline)} has it: r goes there", markup=False)
            return
        if message.mapping < 0:
            members = members_filter(self.looking.scene.sheet, message.mapping)
            self._look(replace(self.lens, grouping="none", filter=members))
            return
        self._show_opened("detail", message.mapping)

    @property
    def _opened(self) -> MappingDetail | MappingPages | None:
        """The view of one mapping that is on the screen."""
        current = self.query_one(ContentSwitcher).current
        views: dict[str | None, type[MappingDetail | MappingPages]] = {"detail": MappingDetail, "pages": MappingPages}
        return self.query_one(views[current]) if current in views else None

    def _show_opened(self, view: str, mapping: int) -> None:
        """Show one mapping in a view."""
        self.query_one(ContentSwitcher).current = view
        opened = self._opened
        assert opened is not None
        assert self.looking.scene is not None
        opened.show(self.timeline, self.looking.scene, mapping)
        opened.focus()
        self.post_message(Stale())

    def action_pages(self) -> None:
        """Show the pages of the mapping that is open, or under the cursor; of an open one again its fields."""
        opened = self._opened
        mapping = opened.mapping if opened else self.query_one(MappingTable).current
        if mapping is None or not 0 <= mapping < ELSEWHERE or self.looking.scene is None:
            self.action_open()  # a group, or what only an earlier run has
        else:
            self._show_opened("detail" if isinstance(opened, MappingPages) else "pages", mapping)

    @on(MappingPages.Asked)
    def ask(self, message: MappingPages.Asked) -> None:
        """The view of the pages wants to know something."""
        self.source.request(message.request)

    async def action_back(self) -> None:
        """One step back: from the filter's line, from a mapping to the table, or as the lens has it."""
        typing = next((line for line in self.query(FilterLine) if line.display), None)
        if typing is not None:
            typing.drop()
            return
        switcher = self.query_one(ContentSwitcher)
        opened = self._opened
        if isinstance(opened, MappingPages) and opened.mapping is not None:
            self._show_opened("detail", opened.mapping)
            return
        if opened is not None:
            switcher.current = "table"
            self.post_message(Stale())
        elif self.lens.filter or self.lens.grouping != "none":
            self._look(self.lens.back())
        else:
            self.action_live()
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
        if self._dock is not None:
            self._dock.give_up_keys()
        # at once: the next key may already be waiting
        self.screen.set_focus(self._opened or self.query_one(MappingTable))

    # the runs of the program

    def _begin_run(self, target: Target) -> None:
        """The process that is watched, or the next run of the program."""
        wanted = self._wanted()
        run = self.looking.begin(target)
        if self._dock is not None:
            self._dock.began(run.number)
        if self.looking.run is run:
            self._shown_anew(wanted)
        else:
            self.notify(f"run {run.number} has begun: end goes there")

    def _wanted(self) -> Carried | None:
        """What the user has open, or under the cursor."""
        opened = self._opened
        mapping = opened.mapping if opened else self.query_one(MappingTable).cursor_id
        return None if mapping is None or mapping < 0 else Carried(mapping, opened=opened is not None)

    def _shown_anew(self, wanted: Carried | None) -> None:
        """Another run is looked at."""
        self.looking.carried = wanted
        self.query_one(ContentSwitcher).current = "table"
        self.query_one(MappingTable).cursor_id = None
        self.refresh_bindings()
        self.post_message(Stale())

    def _show_run(self, run: Run, at: int | None = None) -> None:
        """Look at a run; in the next one at what was looked at in the one before."""
        next_one = self.looking.run is not None and self.looking.run is self.looking.runs.before(run)
        wanted = self._wanted() if next_one else None
        self.looking.show(run, at)
        self._shown_anew(wanted)

    def _carry_over(self) -> None:
        """Have the cursor on what is like the mapping on which it was in the run before, when that is there."""
        carried = self.looking.carried_over()
        if carried is not None:
            self.query_one(MappingTable).cursor_id = carried.mapping
            if carried.opened:
                self.open_mapping(MappingTable.Opened(carried.mapping))

    def action_runs(self) -> None:
        """Choose a run to look at."""
        if self._rebuilds is None or self.looking.run is None:
            self.notify("there is one run: smapstop --watch -- COMMAND keeps every one")
            return
        from smapstop.ui.screens.runs import RunsScreen

        self.push_screen(RunsScreen(self.looking.runs.known, self.looking.run), self._choose_run)

    def _choose_run(self, run: Run | None) -> None:
        """Look at the run that the user chose: at an earlier one from its end."""
        if run is not None and run is self.looking.runs.newest:
            self.action_live()
        elif run is not None and len(run.timeline):
            self._show_run(run, len(run.timeline) - 1)

    # the end

    async def action_quit(self) -> None:
        """Leave; what becomes of a program that still runs is for the user to say."""
        run = self.looking.runs.newest
        if not isinstance(self._begin, Launch) or run is None:
            self.exit(0)
        elif run.timeline.ending is not None:
            ending = run.timeline.ending
            self.exit(ending.status if ending.signal is None else 128 + ending.signal)
        elif self.failure is not None:
            self.exit(self.failure.status)
        else:
            from smapstop.ui.screens.quit import QuitScreen

            self.push_screen(QuitScreen(self._begin.command[0], run.target.pid), self._quit_with_program)

    def _quit_with_program(self, choice: str | None) -> None:
        if choice == "leave":
            self.source.leave()
            self.exit(0)
        elif choice == "end":
            self.run_worker(self._end_program(), exclusive=True)

    async def _end_program(self) -> None:
        """End the program, and leave."""
        if self._dock is not None:
            await self._dock.end_program()
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


def run(
    source: Source, begin: Begin, settings: Settings, *, intro: str = "", rebuilds: Rebuilds | None = None
) -> int:
    """Show the dashboard until the user leaves; see `Dashboard`.

    Returns:
        The exit status: the launched program's own when it ended.

    Raises:
        SmapstopError: There was nothing to show.
    """
    app = Dashboard(source, begin, settings, intro=intro, rebuilds=rebuilds)
    with _drawn_on_terminal():
        status = app.run()
    if app.failure is not None and not app.looking.anything:
        raise SmapstopError(app.failure.what, app.failure.remedy, status=app.failure.status)
    return status or 0
