"""Members of a family that the user orders, filters and searches."""

from dataclasses import replace

from textual import on
from textual.app import ComposeResult

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.family_table import FamilyMembers, MemberRow
from smapstop.model.metrics import Metric
from smapstop.text.family import member_title
from smapstop.ui.screens.modal import Modal
from smapstop.ui.widgets.family_table import FamilyTable
from smapstop.ui.widgets.filter_line import FilterLine

_HINT = "gunicorn   worker   4711"
"""Examples of words in names, and of a pid."""
_ORDERS = {"tree": "tree", "change": "largest change first", "size": "largest first"}
"""Orders of the members, as the title has them: as a tree, by the change of the metric, by the metric."""


@dataclass(frozen=True, slots=True)
class MemberChoice:
    """The member to watch in the dashboard."""

    pid: int
    start: int | None = None
    """Address of the mapping to go to; None leaves the cursor where it is."""
    pages: bool = False
    """Whether the pages of the mapping under the cursor are shown."""


class MemberLists(Modal[MemberChoice | None]):
    """A screen with a table of members, which subclasses draw; the result is the choice of the user, or None."""

    def __init__(self) -> None:
        super().__init__()
        self.metric: Metric = "uss"  # what the others of a family do not move
        self._filter = self._search = ""
        self._rows: list[MemberRow] = []
        """The members shown, in order."""
        self._searched_from = 0
        self._order = next(iter(_ORDERS))

    def compose_lines(self) -> ComposeResult:
        """Compose the lines to filter and to search."""
        yield FilterLine(_HINT, lambda _: True, id="filter-members")
        yield FilterLine(_HINT, self._finds, id="search-members")

    def redraw(self) -> None:
        """Show the members again."""
        raise NotImplementedError

    @property
    def order_text(self) -> str:
        """In which order they are."""
        return _ORDERS[self._order]

    def select_rows(self, table: FamilyMembers, at_ns: int) -> list[MemberRow]:
        """Members that match the filter, in the order chosen."""
        words = self._filter.casefold().split()
        rows = [row for row in table.rows if not words or _has_words(row, self._filter)]
        if self._order == "tree" and not words:
            self._rows = rows
            return rows
        if self._order == "change":
            rows.sort(key=lambda row: -(row.change or 0))
        elif self._order == "size":
            rows.sort(key=lambda row: -(row.history.value_at(self.metric, at_ns) or 0))
        self._rows = rows = [replace(row, place=replace(row.place, is_last=())) for row in rows]  # no tree
        return rows

    def action_order(self) -> None:
        """Order the members in the next way."""
        orders = list(_ORDERS)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self.redraw()

    def action_metric(self, metric: Metric) -> None:
        """Let changes, rates, histories and the order follow a metric."""
        self.metric = metric
        self.redraw()

    def action_filter(self) -> None:
        """Open the line to filter members."""
        self.query_one("#filter-members", FilterLine).open(self._filter)

    @on(FilterLine.FilterChanged, "#filter-members")
    def filter_members(self, message: FilterLine.FilterChanged) -> None:
        """Show only members whose name or pid has these words."""
        self._filter = message.expression
        self.redraw()

    def action_find(self) -> None:
        """Open the line to search members."""
        self._searched_from = self.query_one(FamilyTable).cursor_index
        self.query_one("#search-members", FilterLine).open(self._search)

    @on(FilterLine.FilterChanged, "#search-members")
    def find_member(self, message: FilterLine.FilterChanged) -> None:
        """Put the cursor on the first member from where it was whose name or pid has these words."""
        self._search = message.expression
        self._go_to_hit(self._searched_from, 1)

    def action_hit(self, direction: int) -> None:
        """Go on to the next member found, or the previous one (-1)."""
        if self._search:
            self._go_to_hit(self.query_one(FamilyTable).cursor_index + direction, direction)
        else:
            self.action_find()

    def _finds(self, words: str) -> bool:
        """Whether any member has these words."""
        return any(_has_words(row, words) for row in self._rows)

    def _go_to_hit(self, start: int, direction: int) -> None:
        """Put the cursor on the first member found from a line on, around the end."""
        order = [(start + direction * step) % len(self._rows) for step in range(len(self._rows))]
        found = next((at for at in order if self._search and _has_words(self._rows[at], self._search)), None)
        if found is not None:
            self.query_one(FamilyTable).move_to(found)

    @on(FilterLine.FilterClosed)
    def focus_members(self) -> None:
        """Focus the members."""
        self.set_focus(self.query_one(FamilyTable))

    def close_line(self) -> bool:
        """Close an open line; whether there was one."""
        line = next((line for line in self.query(FilterLine) if line.display), None)
        if line is not None:
            line.clear_and_close()
        return line is not None

    def drop_filter(self) -> bool:
        """Show all members again; whether some were left out."""
        had_filter, self._filter = bool(self._filter), ""
        if had_filter:
            self.redraw()
        return had_filter


def _has_words(row: MemberRow, words: str) -> bool:
    """Whether a member has words in its name or pid."""
    text = f"{row.pid} {member_title(row.history)}".casefold()
    return all(word in text for word in words.casefold().split())
