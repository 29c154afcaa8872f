"""The dashboard: owns one source, takes in what it tells, and knows how to leave."""

import os
import time
from collections.abc import Iterable
from functools import partial
from typing import cast

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.screen import Screen
from textual.timer import Timer

from smapstop.errors import SmapstopError
from smapstop.model.protocol import (
    Attach,
    EndOfRecording,
    Failure,
    FramesReply,
    Launch,
    LaunchFailed,
    Notice,
    PagesReply,
    SymbolsReply,
    Target,
)
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view_state import ViewState
from smapstop.settings import Pick, Replay, Settings, StartRequest
from smapstop.source.base import Source
from smapstop.text import format as fmt
from smapstop.text.status import exit_status_text
from smapstop.ui.keys.key_app import KeyApp
from smapstop.ui.keys.table import KEYS
from smapstop.ui.messages import SourceMessageReceived
from smapstop.ui.program_control import Rebuilds
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.session import Session
from smapstop.ui.signals import exit_on_signals
from smapstop.ui.terminal import output_ready
from smapstop.ui.theme.app_theme import theme_for
from smapstop.ui.user_state import UserState, step_interval
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.mapping_pages import MappingPages

PATIENCE_SECONDS = 3.0
"""By so much a tick may be late."""


class Dashboard(KeyApp):
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

    def __init__(
        self,
        source: Source,
        begin: StartRequest,
        settings: Settings,
        *,
        intro: str = "",
        rebuilds: Rebuilds | None = None,
    ) -> None:
        # without colours Textual's own filter would leave greys: the ansi colours give way entirely
        super().__init__(settings.keys, ansi_color=True if "NO_COLOR" in os.environ else None)
        self.source = source
        self.session = Session(ViewState(filter=settings.filter), settings.sorting)
        self.failure: Failure | None = None
        """Why the source cannot go on."""
        self.notices: list[str] = []
        """What went wrong beside it."""
        self.theme = settings.theme or self.theme
        self._begin, self._settings, self._intro, self._rebuilds = begin, settings, intro, rebuilds
        self._pace = settings.pace
        self._redraw_timer: Timer | None = None
        self._last_tick_time = 0.0
        """When the last tick came, in seconds of `time.monotonic`."""

    @property
    def timeline(self) -> Timeline:
        """That of the run that is looked at."""
        return self.session.timeline

    @property
    def view_state(self) -> ViewState:
        """How it is looked at."""
        return self.session.view_state

    # the screen

    def validate_theme(self, theme: str) -> str:
        """The theme, or what a terminal of few colours has in its place."""
        return theme_for(theme, self.console.color_system)

    def get_default_screen(self) -> Screen[None]:
        """The dashboard's own."""
        return MainScreen(self.source, self._begin, self.session, self._settings, self._intro, self._rebuilds)

    @property
    def main_screen(self) -> MainScreen:
        """The screen below all others."""
        return cast("MainScreen", self.default_screen)

    def compose(self) -> ComposeResult:
        """The parts of the screen."""
        yield from self.main_screen.compose_parts()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette finds: all that a key does here, and a picture of the screen."""
        views = self.main_screen.views
        for key in KEYS:
            action = key.actions.get("anywhere")
            here = next((key.actions[place] for place in key.actions if place == views.current), None)
            if key.name == "palette" or (here is None and action is None):
                continue
            if action is None or self.main_screen.check_action(action, ()):
                run = partial(self.run_action, here or action or "", views.shown_view if here else self.main_screen)
                keys = " ".join(self.keymap.display_names(key.name))
                yield SystemCommand(key.label.capitalize(), f"{key.help}  {keys}", run)
        yield from (each for each in super().get_system_commands(screen) if each.title == "Screenshot")

    def on_mount(self) -> None:
        """Start to listen, and say whom to watch; a program is launched when its pane knows its size."""
        exit_on_signals(self.exit)
        self._initial_user_state = self._user_state
        self.main_screen.show_progress(_progress_text(self._begin))
        self.source.start(lambda news: self.post_message(SourceMessageReceived(news)))
        self.set_interval(1, self._check_overdue)
        match self._begin:
            case Attach():
                self.source.request(self._begin)
            case Pick(processes, check):
                from smapstop.ui.screens.pick import PickScreen

                self.push_screen(PickScreen(processes, check), self._attach_picked)

    def on_unmount(self) -> None:
        """Stop listening, and remember what the user changed."""
        self.source.close()
        changes = self._user_state.changes(self._initial_user_state)
        if changes:
            self._settings.remember(changes)

    @property
    def _user_state(self) -> UserState:
        """How the user has it now."""
        columns, sorting = (column.key for column in self.main_screen.columns), self.session.order.sorting
        return UserState(
            tuple(columns), sorting, self.theme, self._pace.interval_ns / 1e9, self.main_screen.panes.lines
        )

    @property
    def is_handling_keys(self) -> bool:
        """Whether keys mean what they are bound to: not while the program has them."""
        return not self.main_screen.program_has_keys

    def note_input(self) -> None:
        """The user did something."""
        self.session.note_input()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While the program has the keys, none of them is ours."""
        return self.is_handling_keys

    def action_help(self) -> None:
        """Explain the keys and the words."""
        from smapstop.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen())

    def action_faster(self, steps: int) -> None:
        """Sample more often, or less."""
        if isinstance(self._begin, Replay):
            self.notify("a recording has the samples that it has")
            return
        self._pace = step_interval(self._pace, steps)
        self.source.request(self._pace)
        if self.main_screen.dock is not None:
            self.main_screen.dock.set_pace(self._pace)
        self.notify(f"a sample every {fmt.span(self._pace.interval_ns)}", timeout=2)

    # news from the source

    def _attach_picked(self, pid: int | None) -> None:
        """Attach to the process that the user picked."""
        if pid is None:
            self.exit(0)
        else:
            self.source.request(Attach(pid, self._pace))

    @on(SourceMessageReceived)
    def handle_source_message(self, message: SourceMessageReceived) -> None:
        """Take in what the source told."""
        match message.source_message:
            case Target() as target:
                self.main_screen.begin_run(target)
            case Tick() as tick:
                newest = self.session.runs.newest
                assert newest is not None, "a target comes before its ticks"
                newest.timeline.append(tick)
                self._last_tick_time, self.session.overdue_seconds = time.monotonic(), 0
                if tick.ending is not None:
                    self._show_end(exit_status_text(tick.ending))
                self._redraw_when_ready()
            case LaunchFailed() as refusal:
                self._show_launch_failure(str(SmapstopError(refusal.what, refusal.remedy)))
            case PagesReply() | SymbolsReply() | FramesReply() as seen:
                self.query_one(MappingPages).handle_reply(seen)
            case Notice() as notice:
                self.notices.append(str(SmapstopError(notice.what, notice.remedy)))
                self.notify(fmt.printable(self.notices[-1]), severity="warning", markup=False)
            case EndOfRecording() as over:
                self.session.end_of_recording = over
                self.main_screen.request_redraw()
            case Failure() as failure:
                self._show_failure(failure)

    def _redraw_when_ready(self) -> None:
        """Have what is new drawn, as soon as the terminal has taken what was drawn before."""
        if output_ready.terminal_ready():
            self.main_screen.request_redraw()
        elif self._redraw_timer is None:
            self._redraw_timer = self.set_timer(output_ready.RETRY_SECONDS, self._retry_redraw)

    def _retry_redraw(self) -> None:
        self._redraw_timer = None
        self._redraw_when_ready()

    def _check_overdue(self) -> None:
        """Say that the next tick is overdue: what is seen is old then, though it was live."""
        run = self.session.runs.newest
        last = run.timeline.last if run else None
        if last is None or last.tick.ending is not None or self.session.end_of_recording is not None:
            return
        due_seconds = max(last.tick.interval_ns, self._pace.interval_ns) / 1e9 + PATIENCE_SECONDS
        silent = time.monotonic() - self._last_tick_time
        if silent > due_seconds:
            self.session.overdue_seconds = round(silent)
            self.main_screen.request_redraw()

    def _show_end(self, how: str) -> None:
        """The process ended: what it was stays on the screen."""
        if self.main_screen.dock is not None and not self.main_screen.dock.show_end(how):
            self.main_screen.focus_table()

    def _show_launch_failure(self, why: str) -> None:
        """The program could not begin again: say why, and wait for the next rebuild."""
        self.notify(why, severity="error", markup=False)
        if self.main_screen.dock is not None:
            self.main_screen.dock.show_launch_failure(why)
            self.main_screen.focus_table()

    def _show_failure(self, failure: Failure) -> None:
        """Nothing more will come: say why; what was seen stays, and without anything there is no use in staying."""
        self.failure = failure
        if self.main_screen.dock is not None:
            self.main_screen.dock.abandon_program("not watched any more")
            self.main_screen.focus_table()
        if not self.session.has_ticks:
            self.exit(failure.status)
        self.query_one(HeaderBar).show_final_notice(str(SmapstopError(failure.what, failure.remedy)))

    # the end

    async def action_quit(self) -> None:
        """Leave; what becomes of a program that still runs is for the user to say."""
        run = self.session.runs.newest
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
            self.source.detach()
            self.exit(0)
        elif choice == "end":
            self.run_worker(self._end_program(), exclusive=True)

    async def _end_program(self) -> None:
        """End the program, and leave."""
        if self.main_screen.dock is not None:
            await self.main_screen.dock.end_program()
        run = self.session.runs.newest
        if run is not None and run.timeline.ending is None and self.failure is None:
            self.notices.append(f"process {run.target.pid} has not ended: nobody could tell it, or it cannot")
            self.exit(2)
        else:
            await self.action_quit()


def _progress_text(begin: StartRequest) -> str:
    """What is done until there is something to show."""
    match begin:
        case Attach(pid):
            return f"reading the memory map of process {pid} …"
        case Launch(command):
            return f"starting {fmt.printable(command[0])} …"
        case Replay(name):
            return f"reading {fmt.printable(name)} …"
        case Pick():
            return "no process yet"
