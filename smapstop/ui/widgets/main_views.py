"""Middle of the dashboard: the table, or the fields or pages of one mapping."""

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from smapstop.model.compare.previous_run import FOREIGN_ID_BASE
from smapstop.model.protocol import MappingReply, SharersReply
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text.columns import Column
from smapstop.ui.session import CarriedSelection
from smapstop.ui.widgets.mapping_detail import MappingDetail
from smapstop.ui.widgets.mapping_pages import MappingPages
from smapstop.ui.widgets.mapping_table import MappingTable


class Views(ContentSwitcher):
    """Shows the table, or the mapping that was opened.

    Args:
        columns: Columns of the table.
    """

    DEFAULT_CSS = "Views { height: 1fr; min-height: 3; }"

    def __init__(self, columns: tuple[Column, ...]) -> None:
        super().__init__(initial="table")
        self._columns = columns

    def compose(self) -> ComposeResult:
        """Compose the three views."""
        yield MappingTable(self._columns, id="table")
        yield MappingDetail(id="detail")
        yield MappingPages(id="pages")

    @property
    def table(self) -> MappingTable:
        """The table of mappings, shown or not."""
        return self.query_one(MappingTable)

    @property
    def open_view(self) -> MappingDetail | MappingPages | None:
        """The view of one mapping that is shown; None when the table is."""
        match self.current:
            case "detail":
                return self.query_one(MappingDetail)
            case "pages":
                return self.query_one(MappingPages)
        return None

    @property
    def shown_view(self) -> MappingTable | MappingDetail | MappingPages:
        """The view that is shown."""
        return self.open_view or self.table

    @property
    def carried_selection(self) -> CarriedSelection | None:
        """The mapping that is open or under the cursor, to carry over to the next run; None for a group."""
        opened = self.open_view
        mapping = opened.mapping if opened else self.table.cursor_id
        return None if mapping is None or mapping < 0 else CarriedSelection(mapping, opened.id if opened else None)

    def reset_to_table(self) -> None:
        """Show the table without a cursor, for another run."""
        self.current = "table"
        self.table.cursor_id = None

    def select_in_table(self, mapping: int) -> bool:
        """Put the cursor of the table on a mapping, and focus it; False when the mapping is not in the table."""
        table = self.table
        table.cursor_id = mapping
        table.move_to(table.cursor_index)
        if table.cursor_id != mapping:
            return False
        table.focus()
        return True

    def show(self, timeline: Timeline, view: View) -> None:
        """Show the open mapping, if any, in another view."""
        opened = self.open_view
        if opened is not None and opened.mapping is not None:
            opened.show(timeline, view, opened.mapping)

    def open(self, timeline: Timeline, view: View, mapping: int, tab: str = "detail") -> None:
        """Open one mapping, and focus its fields (tab "detail") or its pages ("pages")."""
        self.current = tab
        opened = self.open_view
        assert opened is not None
        opened.show(timeline, view, mapping)
        opened.focus()

    def toggle_pages(self, timeline: Timeline, view: View) -> bool:
        """Show the pages of the mapping that is open or under the cursor; if they are shown, show its fields.

        Returns:
            False without such a mapping: a group is under the cursor, or a mapping that only an earlier run has.
        """
        opened = self.open_view
        mapping = opened.mapping if opened else self.table.current
        if mapping is None or not 0 <= mapping < FOREIGN_ID_BASE:
            return False
        self.open(timeline, view, mapping, "detail" if isinstance(opened, MappingPages) else "pages")
        return True

    def handle_reply(self, reply: MappingReply) -> None:
        """Give a reply of the source to the view that requested it."""
        if isinstance(reply, SharersReply):
            self.query_one(MappingDetail).handle_reply(reply)
        else:
            self.query_one(MappingPages).handle_reply(reply)

    def go_back(self, timeline: Timeline, view: View | None) -> bool:
        """Go back from the pages to the fields, or from the fields to the table; False if the table is shown."""
        opened = self.open_view
        if isinstance(opened, MappingPages) and opened.mapping is not None and view is not None:
            self.open(timeline, view, opened.mapping)
            return True
        self.current = "table"
        return opened is not None
