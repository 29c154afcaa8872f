"""The Textual app: owns one source, handles its messages, and decides how to quit."""

import os
import time
from collections.abc import Iterable
from typing import cast

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input

from smapstop.errors import SmapstopError
from smapstop.model.family.reading import FamilyReading
from smapstop.model.marks import Mark
from smapstop.model.protocol import (
    Attach,
    EndOfRecording,
    Failure,
    FramesReply,
    LaunchFailed,
    MemberMessage,
    Notice,
    PagesReply,
    SharersReply,
    SymbolsReply,
    Target,
    ThreadsReply,
)
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view_state import ViewState
from smapstop.settings import Pick, Replay, Settings, StartRequest, Walkthrough
from smapstop.source.base import Source
from smapstop.text import format as fmt
from smapstop.text.status import exit_status_text, oom_notices
from smapstop.ui.commands.palette import CommandLines, palette_commands
from smapstop.ui.commands.table import COMMAND, run_line
from smapstop.ui.keys.key_app import KeyApp
from smapstop.ui.messages import SourceMessageReceived, ThreadsRead
from smapstop.ui.program_control import Rebuilds
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.signals import exit_on_signals
from smapstop.ui.state.line_history import LineHistory
from smapstop.ui.state.session import Session
from smapstop.ui.state.user_state import UserState
from smapstop.ui.terminal import output_ready
from smapstop.ui.theme.app_theme import theme_for
from smapstop.ui.tick_preparer import TickPreparer
from smapstop.ui.widgets.header import HeaderBar

PATIENCE_SECONDS = 3.0
"""Time that a tick may be late before it counts as overdue."""


class Dashboard(KeyApp):
    """The live dashboard of one process.

    Args:
        source: Where the ticks come from.
        begin: What to watch: a running process, a program to launch on the source's terminal, a process that the user
            picks, or a recording.
        settings: Initial settings.
        walkthrough: The experiment through which to walk the user.
        rebuilds: Rebuilds of the launched program; it is restarted after each.
    """

    CSS_PATH = "smapstop.tcss"
    TITLE = "smapstop"
    COMMANDS = KeyApp.COMMANDS | {CommandLines}

    def __init__(
        self,
        source: Source,
        start_request: StartRequest,
        settings: Settings,
        *,
        walkthrough: Walkthrough | None = None,
        rebuilds: Rebuilds | None = None,
    ) -> None:
        # with NO_COLOR, Textual's own filter would leave greys: use ANSI colours, which it drops entirely
        super().__init__(settings.keys, ansi_color=True if "NO_COLOR" in os.environ else None)
        self.source = source
        self.session = Session(
            ViewState(filter=settings.filter, units=settings.units), settings.sorting, settings.alerts
        )
        self.theme = settings.theme or self.theme
        self._start_request, self._settings, self._rebuilds = start_request, settings, rebuilds
        self._walkthrough = walkthrough
        self._commands = LineHistory(settings.commands)
        self._redraw_timer: Timer | None = None
        self._last_tick_time = 0.0
        """Arrival of the last tick, seconds of `time.monotonic`."""

    @property
    def timeline(self) -> Timeline:
        """Timeline of the run shown."""
        return self.session.timeline

    @property
    def view_state(self) -> ViewState:
        """View state of the run shown."""
        return self.session.view_state

    # the screen

    def validate_theme(self, theme: str) -> str:
        """The theme, or its replacement on a terminal with few colours."""
        return theme_for(theme, self.console.color_system)

    def get_default_screen(self) -> Screen[None]:
        """Build the dashboard's screen."""
        return MainScreen(
            self.source, self._start_request, self.session, self._settings, self._walkthrough, self._rebuilds
        )

    @property
    def main_screen(self) -> MainScreen:
        """The dashboard's screen, below all others."""
        return cast("MainScreen", self.default_screen)

    def compose(self) -> ComposeResult:
        """Compose the parts of the screen."""
        yield from self.main_screen.compose_parts()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Commands of the palette: every key action that is available here, and a screenshot."""
        yield from palette_commands(self.main_screen)
        yield from (each for each in super().get_system_commands(screen) if each.title == "Screenshot")

    def on_mount(self) -> None:
        """Start the source and attach or pick; a program is launched once its pane knows its size."""
        exit_on_signals(self.exit)
        self._initial_user_state = self._user_state
        self.main_screen.show_progress(self._start_request)
        preparer = TickPreparer(recorded=isinstance(self._start_request, Replay))
        self.source.start(lambda each: self.post_message(SourceMessageReceived(each, preparer.prepare(each))))
        self.set_interval(1, self._check_overdue)
        match self._start_request:
            case Attach():
                self.source.request(self._start_request)
            case Pick(processes, check):
                from smapstop.ui.screens.pick import PickScreen

                self.push_screen(PickScreen(processes, check), self._attach_picked)

    def on_unmount(self) -> None:
        """Close the source, and save the settings that the user changed."""
        self.source.close()
        changes = self._user_state.changes(self._initial_user_state)
        if not changes:
            return
        try:
            self._settings.remember(changes)
        except SmapstopError as error:
            self.session.notices.append(f"changed settings are not saved: {error.what}")

    @property
    def _user_state(self) -> UserState:
        """Current settings of the user."""
        main, sorting = self.main_screen, self.session.order.sorting
        return UserState(
            columns=tuple(column.key for column in main.columns),
            widths=dict(main.views.widths.wishes),
            units=self.view_state.units,
            sorting=sorting,
            theme=self.theme,
            interval=main.pace.interval_ns / 1e9,
            pane=main.panes.lines,
            inspector=main.views.split,
            budget=round(main.pace.budget * 100, 6),
            commands=self._commands.lines,
            filters=main.filters.lines,
        )

    @property
    def is_handling_keys(self) -> bool:
        """Whether keys run their bindings: not while the program has the keys."""
        return not self.main_screen.program_has_keys

    def note_input(self) -> None:
        """Note that the user pressed a key or used the mouse: it is for the rows that the keys before asked for."""
        self.session.note_input()
        if self.session.has_new_rows and not isinstance(self.focused, Input):
            self.main_screen.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable all actions while the program has the keys, and commands that make no sense now."""
        name = str(parameters[0]).partition(" ")[0] if action == "command" and parameters else ""
        return self.is_handling_keys and (not name or COMMAND[name].available(self.main_screen))

    def action_command(self, line: str) -> None:
        """Run a command; if it makes no sense, say why."""
        try:
            run_line(self.main_screen, line)
        except SmapstopError as error:
            self.notify(str(error), markup=False)

    def action_ask_letter(self, command: str) -> None:
        """Run a command with the letter that the user types next."""
        from smapstop.ui.commands.letter_line import letter_line_of

        letter_line_of(self.main_screen, self.session).ask(command)

    def action_type_command(self, begin: str = "") -> None:
        """Open the line to type a command."""
        from smapstop.ui.commands.command_line import command_line_of

        command_line_of(self.main_screen, self._commands).open(begin)

    # messages from the source

    def _attach_picked(self, pid: int | None) -> None:
        """Attach to the process that the user picked; exit for None."""
        if pid is None:
            self.exit(0)
        else:
            self.source.request(Attach(pid, self.main_screen.pace, self._settings.callers, self._settings.via))

    @on(SourceMessageReceived)
    def handle_source_message(self, message: SourceMessageReceived) -> None:
        """Handle a message from the source."""
        match message.source_message:
            case Target() as target:
                self.main_screen.begin_run(target)
            case Tick() as tick:
                assert self.session.runs.newest is not None, "a target comes before its ticks"
                timeline = self.session.runs.newest.timeline
                timeline.append(tick, message.snapshot_after(timeline.last))
                self._last_tick_time, self.session.overdue_seconds = time.monotonic(), 0
                if tick.ending is not None:
                    self._show_end(exit_status_text(tick.ending))
                    self.session.notices += oom_notices(tick)
                self._redraw_when_ready()
                self.main_screen.member_watch.begin()
            case LaunchFailed() as launch_failed:
                self._show_launch_failure(str(SmapstopError(launch_failed.what, launch_failed.remedy)))
            case PagesReply() | SymbolsReply() | FramesReply() | SharersReply() as reply:
                self.main_screen.member_watch.handle_reply(None, reply)
            case ThreadsReply() as threads:
                self.screen.post_message(ThreadsRead(threads))
            case Notice() as notice:
                self.session.notices.append(str(SmapstopError(notice.what, notice.remedy)))
                self.notify(fmt.printable(self.session.notices[-1]), severity="warning", markup=False)
            case FamilyReading() as reading:
                if self.main_screen.member_watch.append(reading):
                    self._redraw_when_ready()
            case MemberMessage() as member_message:
                self._handle_member_message(member_message)
            case Mark() as mark if self.session.runs.newest is not None:
                self.session.runs.newest.add_mark(mark)
                self.main_screen.request_redraw()
            case EndOfRecording() as end:
                self.session.end_of_recording = end
                self.main_screen.request_redraw()
            case Failure() as failure:
                self._show_failure(failure)

    def _handle_member_message(self, message: MemberMessage) -> None:
        """Handle a message about a member of the family."""
        match self.session.family.handle(message, self.session.run):
            case ThreadsReply() as threads:
                self.screen.post_message(ThreadsRead(threads))
            case PagesReply() | SymbolsReply() | FramesReply() | SharersReply() as reply:
                self.main_screen.member_watch.handle_reply(message.pid, reply)
        self.main_screen.member_watch.redraw()
        if self.main_screen.member_watch.pid == message.pid:
            self._redraw_when_ready()

    def _redraw_when_ready(self) -> None:
        """Request a redraw as soon as the terminal has consumed the last one."""
        if output_ready.terminal_ready():
            self.main_screen.request_redraw()
        elif self._redraw_timer is None:
            self._redraw_timer = self.set_timer(output_ready.RETRY_SECONDS, self._retry_redraw)

    def _retry_redraw(self) -> None:
        self._redraw_timer = None
        self._redraw_when_ready()

    def _check_overdue(self) -> None:
        """Show when the next tick is overdue: the view is stale then, although it follows the newest tick."""
        run = self.session.runs.newest
        last = run.timeline.last if run else None
        if last is None or last.tick.ending is not None or self.session.end_of_recording is not None:
            return
        due_seconds = max(last.tick.interval_ns, self.main_screen.pace.interval_ns) / 1e9 + PATIENCE_SECONDS
        elapsed_seconds = time.monotonic() - self._last_tick_time
        if elapsed_seconds > due_seconds:
            self.session.overdue_seconds = round(elapsed_seconds)
            self.main_screen.request_redraw()

    def _show_end(self, how: str) -> None:
        """Show that the process ended; its last state stays on the screen."""
        if self.main_screen.dock is not None and not self.main_screen.dock.show_end(how):
            self.main_screen.focus_table()

    def _show_launch_failure(self, why: str) -> None:
        """Show why the program could not be restarted, or the next process not be watched."""
        self.notify(why, severity="error", markup=False)
        self.session.awaits_next = False
        self.main_screen.request_redraw()
        if self.main_screen.dock is not None:
            self.main_screen.dock.show_launch_failure(why)
            self.main_screen.focus_table()

    def _show_failure(self, failure: Failure) -> None:
        """Show why the source stopped; what was sampled stays on the screen. Exit if there is nothing to show."""
        self.session.failure = failure
        if self.main_screen.dock is not None:
            self.main_screen.dock.abandon_program("no longer watched")
            self.main_screen.focus_table()
        if not self.session.has_ticks:
            self.exit(failure.status)
        self.query_one(HeaderBar).show_final_notice(self.session.failure_text)
        self.main_screen.member_watch.redraw()

    async def action_quit(self) -> None:
        """Quit."""
        self.action_command("quit")
