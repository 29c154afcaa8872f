"""Main screen of the dashboard: its parts, how they are refreshed, and the actions that open and close them."""

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType

from smapstop.model.compare.runs import Run
from smapstop.model.protocol import Attach, Launch, Pace, Request, Target
from smapstop.model.view.selection import RowSelection
from smapstop.settings import Pick, Replay, Settings, StartRequest, Walkthrough
from smapstop.source.base import Source
from smapstop.text import format as fmt
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.messages import EventSelected, SourceRequested, ViewOutdated
from smapstop.ui.program_control import Rebuilds
from smapstop.ui.screens.main_redraw import MainRedraw
from smapstop.ui.screens.member_watch import MemberWatch
from smapstop.ui.screens.row_screen import RowScreen
from smapstop.ui.state.session import Session
from smapstop.ui.widgets.border_drag import BorderDrag
from smapstop.ui.widgets.chip_line import ChipLine
from smapstop.ui.widgets.filter_line import FilterLine
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.main_views import Views
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.panes import Panes
from smapstop.ui.widgets.top_parts import compose_top
from smapstop.ui.widgets.zoom import Zoom

if TYPE_CHECKING:  # imported at run time only when a program is launched
    from smapstop.ui.widgets.program_dock import ProgramDock


class MainScreen(RowScreen):
    """Shows the header, the totals, the table and the inspector, the events, and the program's terminal.

    Args:
        source: Where the ticks come from.
        begin: What to watch, or the recording to replay.
        session: State of the session.
        settings: Initial settings.
        walkthrough: The experiment through which to walk the user.
        rebuilds: Rebuilds of the launched program; it is restarted after each.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("anywhere")]

    def __init__(
        self,
        source: Source,
        begin: StartRequest,
        session: Session,
        settings: Settings,
        walkthrough: Walkthrough | None,
        rebuilds: Rebuilds | None,
    ) -> None:
        super().__init__(
            session,
            settings,
            recorded=isinstance(begin, Replay),
            many_runs=rebuilds is not None,
        )
        self.source, self._walkthrough = source, walkthrough
        self.pace = settings.pace
        """How often the source samples, and for how much CPU time."""
        self.dock: ProgramDock | None = None
        """The dock of the launched program; None without one."""
        self.zoom = Zoom(self)
        """Which part fills the screen."""
        self._border_drag = BorderDrag(self)
        self.member_watch = watch = MemberWatch(self)
        self._redraw = MainRedraw(self, lambda: watch.shows_family, watch.redraw, self._walk_on)
        if isinstance(begin, Launch):
            from smapstop.ui.widgets.program_dock import build_dock

            self.dock = build_dock(source, begin, rebuilds)

    # the parts

    def compose_parts(self) -> ComposeResult:
        """Compose all parts, from the top; the app calls this before it starts the source."""
        yield from compose_top()
        yield ChipLine()
        self.views = Views(self.columns, self.settings.widths, self.settings.inspector)
        yield self.views
        self.panes = Panes(self._walkthrough, self.dock, self.settings.pane)
        yield self.panes
        yield KeyBar(self.key_labels)

    def show_progress(self, begin: StartRequest) -> None:
        """Focus the table, and say what is being done until the first tick."""
        self.query_one(HeaderBar).show_notice(_progress_text(begin))
        self.set_focus(self.views.table)

    def on_resize(self, event: events.Resize) -> None:
        """Hide what a small terminal has no room for, the least important parts first."""
        height = event.size.height
        less = {name: height < lines for name, lines in (("-small", 40), ("-low", 30), ("-tiny", 16), ("-least", 8))}
        self.update_classes({"-tall": height >= 60} | less)
        self.panes.fit()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a border."""
        self._border_drag.press(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Move the border that the user took hold of."""
        self._border_drag.move(event)

    def on_mouse_up(self) -> None:
        """Release the border."""
        self._border_drag.release()

    # refresh

    @on(ViewOutdated)
    def begin_redraw(self) -> None:
        """Redraw all parts, of a large map one after another."""
        self._redraw.begin()

    def redraw(self) -> None:
        """Redraw all parts at once."""
        self._redraw.do_now()

    def _walk_on(self) -> None:
        """Show the next step of the walkthrough, if any."""
        if self.panes.walkthrough_line is not None:
            self.panes.walkthrough_line.walk_on(self.session.timeline, self.views, typing=self.program_has_keys)

    # one mapping

    def action_open(self) -> None:
        """Go into the mapping under the cursor; there, have the inspector fill the screen."""
        if self.views.inspector.has_focus_within:
            self.zoom.toggle()
        elif self.views.table.current is not None:  # at once: the next key may already be waiting
            self.open_mapping(MappingTable.Opened(self.views.table.current))

    @on(MappingTable.Opened)
    def open_mapping(self, message: MappingTable.Opened) -> None:
        """Go into the inspector; unfold a group into its mappings, or fold it again."""
        if message.mapping < 0:
            self.change_view(self.session.view_state.toggle_fold(message.mapping))
        else:
            self.views.open()
            self.request_redraw()

    def on_descendant_focus(self) -> None:
        """Show all parts again when the focus went to one that is hidden."""
        self.zoom.follow_focus()

    def action_pages(self) -> None:
        """Show the pages of the mapping under the cursor; if they have the focus, show its reasons again."""
        if self.views.toggle_pages():
            self.request_redraw()
        else:
            self.action_open()

    def set_pace(self, pace: Pace) -> None:
        """Have the source sample at another pace, now and after the next launch."""
        self.pace = pace
        self.source.request(pace)
        if self.dock is not None:
            self.dock.set_pace(pace)
        self.notify(f"sampling every {fmt.span(pace.interval_ns)}", timeout=2)

    @on(SourceRequested)
    def forward_request(self, message: SourceRequested) -> None:
        """Send a request of a widget to the source."""
        self.request(message.request)

    def action_back(self) -> None:
        """Go back one step: close the filter line, go from the inspector to the table, or change the view state."""
        open_line = next((line for line in self.query(FilterLine) if line.display), None)
        view_state = self.session.view_state
        if open_line is not None:
            open_line.clear_and_close()
        elif self.zoom.part is not None:
            self.zoom.set(None)
        elif self.session.alerts.hide(self.session.runs) or self.views.go_back():
            self.request_redraw()
        else:
            if self.session.row_selection.ids:
                self.select(RowSelection())
            elif self.session.search:
                self.search("")
            elif view_state.filter or view_state.grouping != "none":
                self.change_view(view_state.go_back())
            elif not self.member_watch.go_back():
                self.action_live()
            self.set_focus(self.views.table)

    # events

    def action_hide_alert(self) -> None:
        """Hide the alert that is shown until it is raised again."""
        self.session.alerts.hide(self.session.runs)
        self.request_redraw()

    @on(EventSelected)
    def go_to_event(self, message: EventSelected) -> None:
        """Go to the moment of an event, and to its mapping."""
        self.go_to_moment(message.number, message.mapping)

    def go_to_moment(self, number: int | None, mapping: int | None = None) -> None:
        """Go to a tick, None for the newest, and put the cursor on a mapping."""
        self.change_view(self.session.view_state.seek(number))
        self.redraw()  # at once: the mapping has to be in the table
        if mapping is not None:
            self.go_to_mapping(mapping)

    def request(self, request: Request) -> None:
        """Send a request to the source."""
        self.source.request(self.member_watch.wrap(request))

    # the program

    def on_screen_suspend(self) -> None:
        """A dialog opens, which dims what is behind it."""
        if self.dock is not None:
            self.dock.set_dimmable(True)

    def on_screen_resume(self) -> None:
        """The dialog is closed."""
        if self.dock is not None:
            self.dock.set_dimmable(False)

    @property
    def program_has_keys(self) -> bool:
        """Whether every key goes to the launched program."""
        return self.dock is not None and self.dock.has_keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Disable actions that do not apply; while the program has the keys, all but `keys_back`."""
        if self.program_has_keys:
            return action == "keys_back"
        available = {
            "keys_back": self.zoom.part == "program",  # it has ended, or its terminal is closed
            "program": self.dock is not None and self.dock.can_be_typed_into,
            "play": self.session.view_state.at is not None or self.recorded,
        }
        return available.get(action, True)

    def action_program(self) -> None:
        """Give the keys to the program."""
        if self.dock is not None:
            if self.zoom.part != "program":
                self.zoom.set(None)  # else it is hidden
            self.dock.give_keys()
            self.session.forget_input()
            self._walk_on()

    def action_keys_back(self) -> None:
        """Return the keys from the program to the dashboard."""
        if self.dock is not None:
            self.dock.release_keys()
        if self.zoom.part == "program":
            self.zoom.set(None)
        self.set_focus(self.views.main_part)  # at once: the next key may already be waiting
        self._walk_on()

    def leave_program(self) -> None:
        """Let the program run on without smapstop."""
        self.source.detach()

    # the runs of the program

    def begin_run(self, target: Target) -> None:
        """Add the run of a new target: the process watched, or the next run of the program."""
        mapping = self.views.carried_mapping
        run = self.session.begin_run(target)
        if self.dock is not None:
            self.dock.show_start(run.number)
        if self.session.run is run:
            self._reset_views(mapping)
        else:
            self.notify(f"run {run.number} started; press {key_of(self.app, 'live')} to go there")

    def show_run(self, run: Run, at: int | None = None) -> None:
        """Show a run; when it follows the one shown, carry the cursor over."""
        is_next = self.session.run is not None and self.session.run is self.session.runs.run_before(run)
        mapping = self.views.carried_mapping if is_next else None
        super().show_run(run, at)
        self._reset_views(mapping)

    def _reset_views(self, mapping: int | None) -> None:
        """Show the table of another run, with the cursor on the counterpart of a mapping, once that is mapped."""
        self.session.carried_mapping = mapping
        self.views.table.cursor_id = None
        self.refresh_bindings()
        self.request_redraw()


def _progress_text(begin: StartRequest) -> str:
    """Text of the header until the first tick."""
    match begin:
        case Attach(pid):
            return f"reading the memory map of process {pid} …"
        case Launch(command):
            return f"starting {fmt.printable(command[0])} …"
        case Replay(name):
            return f"reading {fmt.printable(name)} …"
        case Pick():
            return "no process yet"
