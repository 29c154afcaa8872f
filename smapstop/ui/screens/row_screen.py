"""Actions that choose rows of the table, or events: filter, search, selection."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from textual import on

from smapstop.model.view.search import Hits
from smapstop.model.view.selection import RowSelection, mappings_in
from smapstop.settings import Settings
from smapstop.ui.screens.timeline_screen import TimelineScreen
from smapstop.ui.state.line_history import LineHistory
from smapstop.ui.state.session import Session
from smapstop.ui.widgets.chip_line import ChipLine
from smapstop.ui.widgets.filter_line import FilterLine
from smapstop.ui.widgets.main_views import Views
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.panes import Panes

if TYPE_CHECKING:  # imported at run time when the events are first opened
    from smapstop.ui.widgets.events_pane import EventList

FILTER_HINT = "libc   kind:heap   perm:w   rss>10M   delta!=0   !/usr   0x7f…"
"""Examples of filter terms for rows."""
_RowLine = Literal["filter-rows", "search-rows"]
"""Id of a line of the rows."""


class RowScreen(TimelineScreen):
    """A screen that shows rows of which the user chooses some; subclasses define its parts.

    Args:
        session: State of the session.
        settings: Initial settings.
        recorded: Whether the timeline is a recording.
        many_runs: Whether the program may be restarted.
    """

    def __init__(self, session: Session, settings: Settings, *, recorded: bool, many_runs: bool) -> None:
        super().__init__(session, settings, recorded=recorded, many_runs=many_runs)
        self.filters = LineHistory(settings.filters)
        """The filters typed before."""
        self._searches = LineHistory()
        self._row_lines = dict[_RowLine, FilterLine]()
        self.hits: Hits | None = None
        """Rows that the search found, of the view shown."""
        self._searched_from: int | None = None
        """Row of the cursor when the search began."""

    def redraw(self) -> None:
        """Show the view again at once."""
        raise NotImplementedError

    def go_to_mapping(self, mapping: int) -> None:
        """Put the cursor on a mapping, and unfold its group."""
        self._unfold_to(mapping)
        if not self.query_one(Views).select_in_table(mapping):
            self.notify("the mapping is not in the table: it is unmapped, or filtered out")

    def _unfold_to(self, mapping: int) -> None:
        """Unfold the group that hides a mapping, if one does, at once."""
        view, state = self.session.view, self.session.view_state
        if view is None or view.scope.by == "none":
            return
        groups = view.group_of[view.mappings.ids == mapping].tolist()
        if groups and groups[0] and groups[0] not in state.unfolded:  # 0: the filter does not pass it
            self.session.set_view_state(replace(state, unfolded=state.unfolded.union(groups)))
            self.redraw()

    # filter

    def _row_line(self, id: _RowLine, history: LineHistory) -> FilterLine:  # noqa: A002  (as Textual names it)
        """The line to filter or to find rows, mounted when it is first opened: at once, as keys may already wait."""
        if id not in self._row_lines:
            matches, complete = self.session.matches_rows, self.session.complete_filter
            line = self._row_lines[id] = FilterLine(FILTER_HINT, matches, complete=complete, history=history, id=id)
            self.mount(line, after=self.query_one(Views))
        return self._row_lines[id]

    def action_filter(self) -> None:
        """Open the line to filter rows."""
        self._row_line("filter-rows", self.filters).open(self.session.view_state.filter)

    @on(FilterLine.FilterChanged, "#filter-rows")
    def filter_rows(self, message: FilterLine.FilterChanged) -> None:
        """Filter rows while the user types."""
        self.change_view(replace(self.session.view_state, filter=message.expression))

    @on(FilterLine.FilterClosed, "#filter-rows, #search-rows")
    def focus_table(self) -> None:
        """Focus the table."""
        self.set_focus(self.query_one(MappingTable))  # at once: keys may already wait

    # search

    def open_search(self) -> None:
        """Open the line to search rows."""
        self._searched_from = self.query_one(MappingTable).current
        self._row_line("search-rows", self._searches).open(self.session.search)

    @on(FilterLine.FilterChanged, "#search-rows")
    def search_rows(self, message: FilterLine.FilterChanged) -> None:
        """Search while the user types; the cursor goes to the first hit from where it was, and back without any."""
        table = self.query_one(MappingTable)
        self.search(message.expression)
        at = None if self._searched_from is None else table.index_of(self._searched_from)
        if at is not None:
            table.move_to(at)
            self.go_to_hit(0)

    def action_filter_events(self) -> None:
        """Open the line to filter events: those of the mapping if they have the focus, else all."""
        self.query_one(Panes).event_lines.open_filter(self._focused_events)

    def action_find_events(self) -> None:
        """Open the line to find events, likewise."""
        self.query_one(Panes).event_lines.open_search(self._focused_events)

    @property
    def _focused_events(self) -> "EventList":
        """The events that have the focus, else those of the process."""
        from smapstop.ui.widgets.events_pane import EventList

        return self.focused if isinstance(self.focused, EventList) else self.query_one(Panes).events

    def search(self, expression: str) -> None:
        """Search rows; an empty expression ends it."""
        self.session.search = expression
        self.redraw()

    def go_to_hit(self, direction: int) -> None:
        """Go to the next hit (1), the previous one (-1), or the first from the cursor on (0)."""
        table = self.query_one(MappingTable)
        place = table.cursor_index - (direction == 0)
        found = None if self.hits is None else self.hits.step(place, direction or 1)
        if found is not None:
            table.move_to(found[0])
            if found[1] and direction:
                self.notify(f"search goes on at the {'top' if direction > 0 else 'end'}", timeout=2)

    def show_chips(self) -> None:
        """Show what is selected, searched and filtered."""
        if self.session.view is not None:
            number = None if self.hits is None else self.hits.number_at(self.query_one(MappingTable).cursor_index)
            count = 0 if self.hits is None else len(self.hits.places)
            self.query_one(ChipLine).show(self.session, self.session.view, number, count)

    # what is selected

    def select(self, selection: RowSelection) -> None:
        """Select mappings, and show their sums."""
        self.session.select(selection)
        self.request_redraw()

    @on(MappingTable.CursorMoved)
    def extend_selection(self, message: MappingTable.CursorMoved) -> None:
        """Extend the range that is being selected to the cursor; count hits from there."""
        if self.session.search:
            self.show_chips()
        selection, view = self.session.row_selection, self.session.view
        if selection.anchor is not None and view is not None:
            rows = message.table.rows_to_cursor(selection.anchor)
            if rows:
                self.select(selection.extend(mappings_in(view, rows)))

    @on(MappingTable.RowsSelected)
    def select_rows(self, message: MappingTable.RowsSelected) -> None:
        """Select the rows that were clicked."""
        selection, view = self.session.row_selection, self.session.view
        if view is not None:
            mappings = mappings_in(view, message.rows)
            self.select(selection.toggle(mappings) if message.toggles else selection.add(mappings))
