"""The screen of the dashboard: its parts, what they show of the timeline, and the keys that open and close them."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType

from smapstop.errors import SmapstopError
from smapstop.model.compare.previous_run import FOREIGN_ID_BASE
from smapstop.model.compare.runs import Run
from smapstop.model.protocol import Launch, Target
from smapstop.model.view.filter import group_filter, parse_filter
from smapstop.settings import Replay, Settings, StartRequest
from smapstop.source.base import Source
from smapstop.text.columns import find_columns
from smapstop.text.status import baseline_text, header_of
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of, keymap_of
from smapstop.ui.keys.table import KEY
from smapstop.ui.messages import ViewOutdated
from smapstop.ui.program_control import Rebuilds
from smapstop.ui.save_worker import SAVE_GROUP, save_in_steps
from smapstop.ui.screens.timeline_screen import TimelineScreen
from smapstop.ui.session import CarriedSelection, Session
from smapstop.ui.widgets.events_pane import EventsPane
from smapstop.ui.widgets.filter_line import FilterLine
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.main_views import Views
from smapstop.ui.widgets.mapping_pages import MappingPages
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.panes import Panes
from smapstop.ui.widgets.time_bar import TimeBar
from smapstop.ui.widgets.totals import Totals

if TYPE_CHECKING:  # what not every run needs is imported when it is needed
    from smapstop.ui.widgets.program_dock import ProgramDock

FILTER_HINT = "libc   kind:heap   perm:w   rss>10M   delta!=0   !/usr   0x7f…"
"""What can be typed to filter them."""


class MainScreen(TimelineScreen):
    """Shows the header, the totals, the table or one mapping, what happened, and the program's terminal.

    Args:
        source: Where the ticks come from.
        begin: Whom to watch, or that it is a recording.
        looking: What is looked at.
        settings: How to begin.
        intro: One line that tells what to do and what to watch.
        rebuilds: At each of them the launched program begins anew.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("anywhere")]

    def __init__(
        self,
        source: Source,
        begin: StartRequest,
        session: Session,
        settings: Settings,
        intro: str,
        rebuilds: Rebuilds | None,
    ) -> None:
        super().__init__(
            session,
            find_columns(settings.columns),
            recorded=isinstance(begin, Replay),
            many_runs=rebuilds is not None,
        )
        self._source, self._settings, self._intro = source, settings, intro
        self.dock: ProgramDock | None = None
        """The place of the launched program, when there is one."""
        if isinstance(begin, Launch):
            from smapstop.ui.widgets.program_dock import build_dock

            self.dock = build_dock(source, begin, rebuilds)

    # the parts

    def compose_parts(self) -> ComposeResult:
        """All parts, from the top; the app has them made before it listens to anybody."""
        yield HeaderBar()
        yield Totals()
        yield TimeBar()
        yield Views(self.columns)
        yield FilterLine(FILTER_HINT, parse_filter, id="filter-rows")
        keymap = keymap_of(self.app)
        intro = self._intro.format(**{name: keymap.display_names(name)[0] for name in KEY})
        self.panes = Panes(intro, self.dock, self._settings.pane)
        yield self.panes
        yield KeyBar()

    def show_progress(self, what: str) -> None:
        """Begin with the keys at the table, and say what is being done until there is something to show."""
        self.query_one(HeaderBar).show_notice(what)
        self.views.table.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Give up what a small terminal has no room for, the least important first."""
        height = event.size.height
        self.set_class(height >= 60, "-tall")
        for name, less in (("-low", 32), ("-tiny", 16), ("-least", 8)):
            self.set_class(height < less, name)
        self.panes.fit()

    @property
    def views(self) -> Views:
        """The table, or one mapping."""
        return self.query_one(Views)

    # what they show

    @on(ViewOutdated)
    def redraw(self) -> None:
        """Look at the timeline again, and show what is seen."""
        looking = self.session
        try:
            scene = looking.refresh()
        except SmapstopError as error:  # a filter that the fields of this kernel cannot answer
            self.notify(str(error), severity="error", markup=False)
            looking.set_view_state(replace(looking.view_state, filter=""))
            scene = looking.refresh()
        run = looking.run
        if scene is None or run is None:
            return
        header, missing = self.query_one(HeaderBar), scene.snapshot.tick.missing
        if missing:
            header.show_notice(missing)
        else:
            number, silent = (
                run.number if self.many_runs else 0,
                looking.overdue_seconds if looking.is_newest_run else 0,
            )
            header.show(
                header_of(
                    run.target, scene, looking.timeline, looking.end_of_recording, run=number, overdue_seconds=silent
                )
            )
        self.query_one(Totals).show(run.target, looking.timeline, scene)
        bar = self.query_one(TimeBar)
        bar.display = looking.view_state.at is not None or self.recorded
        bar.show(looking.activity, scene)
        self._restore_selection()
        self.views.show(looking.timeline, scene)
        if self.panes.events.display:
            opened = self.views.open_view
            self.panes.events.show(looking.timeline, scene, opened.mapping if opened else None)
        rows = looking.order.arrange_rows(scene, time.monotonic() - looking.last_input_time)
        order = looking.order
        self.views.table.show(looking.timeline, scene, rows, order.sorting, frozen=order.frozen)

    # one mapping

    def action_open(self) -> None:
        """Open the mapping under the cursor."""
        if self.views.open_view is None:
            self.views.table.action_open()

    @on(MappingTable.Opened)
    def open_mapping(self, message: MappingTable.Opened) -> None:
        """Show one mapping; of a group its mappings."""
        looking = self.session
        if looking.view is None:
            return
        if message.mapping >= FOREIGN_ID_BASE:
            other, key = baseline_text(looking.view, looking.timeline), key_of(self.app, "runs")
            self.notify(f"only {other} has it: {key} goes there", markup=False)
        elif message.mapping < 0:
            members = group_filter(looking.view.table, message.mapping)
            self.change_view(replace(looking.view_state, grouping="none", filter=members))
        else:
            self.views.open(looking.timeline, looking.view, message.mapping)
            self.request_redraw()

    def action_pages(self) -> None:
        """Show the pages of the mapping that is open, or under the cursor; of an open one again its fields."""
        scene = self.session.view
        if scene is not None and self.views.toggle_pages(self.session.timeline, scene):
            self.request_redraw()
        else:
            self.action_open()

    @on(MappingPages.SourceRequest)
    def forward_request(self, message: MappingPages.SourceRequest) -> None:
        """The view of the pages wants to know something."""
        self._source.request(message.request)

    def action_back(self) -> None:
        """One step back: from the filter's line, from a mapping to the table, or as the lens has it."""
        typing = next((line for line in self.query(FilterLine) if line.display), None)
        lens = self.session.view_state
        if typing is not None:
            typing.clear_and_close()
        elif self.views.go_back(self.session.timeline, self.session.view):
            self.request_redraw()
            self.views.shown_view.focus()
        else:
            if lens.filter or lens.grouping != "none":
                self.change_view(lens.go_back())
            else:
                self.action_live()
            self.views.table.focus()

    # what is shown of the rows, and what happened

    def action_filter(self) -> None:
        """Type what rows to show."""
        self.query_one("#filter-rows", FilterLine).open(self.session.view_state.filter)

    @on(FilterLine.FilterChanged, "#filter-rows")
    def filter_rows(self, message: FilterLine.FilterChanged) -> None:
        """Filter while the user types."""
        self.change_view(replace(self.session.view_state, filter=message.expression))

    @on(FilterLine.FilterClosed, "#filter-rows")
    def focus_table(self) -> None:
        """Give the keys to the table again."""
        self.views.table.focus()

    def action_events(self) -> None:
        """Show what happened, or hide it."""
        if self.panes.events.has_focus:
            self.views.shown_view.focus()
        self.panes.toggle_events()
        self.request_redraw()

    def action_filter_events(self) -> None:
        """Type what events to show."""
        self.panes.open_event_filter()

    def action_grow(self, lines: int) -> None:
        """Make the panes higher, or lower."""
        self.panes.grow(lines)

    @on(EventsPane.MappingSelected)
    def select_mapping(self, message: EventsPane.MappingSelected) -> None:
        """Put the cursor of the table on a mapping; of one that is open there is nothing more to show."""
        if self.views.open_view is None and not self.views.select_in_table(message.mapping):
            self.notify("the mapping is not in the table now: it is gone, filtered, or in a group")

    # the file

    def action_save(self) -> None:
        """Save what was seen of this run, if that is not being done already."""
        run = self.session.run
        busy = any(worker.group == SAVE_GROUP and not worker.is_finished for worker in self.workers)
        if run is not None and len(run.timeline) and not busy:
            self.run_worker(save_in_steps(self.app, self._settings.save(run)), group=SAVE_GROUP)

    # the program

    @property
    def program_has_keys(self) -> bool:
        """Whether every key goes to the launched program."""
        return self.dock is not None and self.dock.has_keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While the program has the keys, only one of them is ours; what makes no sense now is no action."""
        if self.program_has_keys:
            return action == "keys_back"
        sensible = {
            "keys_back": False,
            "program": self.dock is not None and self.dock.is_alive,
            "play": self.session.view_state.at is not None or self.recorded,
            "save": not self.recorded,
        }
        return sensible.get(action, True)

    def action_program(self) -> None:
        """Give the keys to the program."""
        if self.dock is not None:
            self.dock.give_keys()

    def action_keys_back(self) -> None:
        """Take the keys back from the program."""
        if self.dock is not None:
            self.dock.release_keys()
        self.set_focus(self.views.shown_view)  # at once: the next key may already be waiting

    # the runs of the program

    def begin_run(self, target: Target) -> None:
        """The process that is watched, or the next run of the program."""
        wanted = self.views.carried_selection
        run = self.session.begin_run(target)
        if self.dock is not None:
            self.dock.show_start(run.number)
        if self.session.run is run:
            self._reset_views(wanted)
        else:
            self.notify(f"run {run.number} has begun: {key_of(self.app, 'live')} goes there")

    def show_run(self, run: Run, at: int | None = None) -> None:
        """Look at a run; in the next one at what was looked at in the one before."""
        next_one = self.session.run is not None and self.session.run is self.session.runs.run_before(run)
        wanted = self.views.carried_selection if next_one else None
        super().show_run(run, at)
        self._reset_views(wanted)

    def _reset_views(self, selection: CarriedSelection | None) -> None:
        """Another run is looked at."""
        self.session.carried_selection = selection
        self.views.reset_to_table()
        self.refresh_bindings()
        self.request_redraw()

    def _restore_selection(self) -> None:
        """Have the cursor on what is like the mapping on which it was in the run before, when that is there."""
        carried, scene = self.session.take_carried_selection(), self.session.view
        if carried is not None and scene is not None:
            self.views.table.cursor_id = carried.mapping
            if carried.tab is not None:
                self.views.open(self.session.timeline, scene, carried.mapping, carried.tab)
                self.request_redraw()
