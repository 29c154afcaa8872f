"""The family of the process: its members as a tree, and which of the mappings they share are whose own."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.strip import Strip

from smapstop.model.family.family_table import FamilyMembers, MemberRow, family_table
from smapstop.model.metrics import Metric
from smapstop.model.protocol import FollowFamily, Request, SampleMembers
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.family import FamilyMoment, family_title, member_title, reading_text
from smapstop.text.status import baseline_text
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.screens.modal import Modal
from smapstop.ui.session import Session
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.theme.contrast import ensure_legible
from smapstop.ui.widgets.family_table import FamilyTable
from smapstop.ui.widgets.filter_line import FilterLine
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.sharing_table import SharingTable
from smapstop.ui.widgets.strip_panel import StripPanel

MAX_SAMPLED = 5
"""Members that are sampled beside the target: the columns of the table of shared mappings."""
_LEAST_LINES = 5
"""Least height of the members, lines."""
_HINT = "gunicorn   worker   4711"
"""Examples of words in names, and of a pid."""
_ORDERS = ("tree", "change", "size")
"""Orders of the members: as a tree, by the change of the metric, by the metric."""


class FamilyTitle(StripPanel):
    """Two lines: what is shown, and what is read how often."""

    DEFAULT_CSS = "FamilyTitle { height: 2; background: $panel; color: $foreground; }"

    def __init__(self) -> None:
        super().__init__()
        self._left, self._right, self._below = "", "", ""

    def show(self, left: str, right: str, below: str = "") -> None:
        """Show texts at both ends, and one below."""
        self._left, self._right, self._below = left, right, below
        self.redraw()

    def draw_strips(self) -> list[Strip]:
        """Draw the lines."""
        width, base = self.size.width, self.rich_style
        right = self._right if fmt.cell_width(self._left) + fmt.cell_width(self._right) + 2 <= width else ""
        left = fmt.pad(fmt.clip(self._left, width), width - fmt.cell_width(right))
        quiet = ensure_legible(base + Style(color=palette_of(self.app).quiet))
        below = Segment(fmt.clip(f" {self._below}", width), quiet)
        return [
            Strip([Segment(left, base), Segment(right, base)]).adjust_cell_length(width, base),
            Strip([below]).adjust_cell_length(width, base),
        ]


class FamilyScreen(Modal[tuple[int, int | None] | None]):
    """Shows the family; the result is the member to watch, with the address of the mapping to go to, or None.

    Args:
        session: State of the session.
        request: Sends requests to the source.
        recorded: Whether it is a recording, which has the mappings of one process only.
    """

    DEFAULT_CSS = """
    FamilyScreen { background: $background; align: left top;
      Vertical { height: 1fr; }
      FamilyTable { height: 1fr; }
      SharingTable { height: 1fr; border-top: solid $foreground 20%; }
      &.-low SharingTable, &.-recorded SharingTable { display: none; }
      &.-low FamilyTable { height: 1fr; }
      &.-recorded FamilyTitle { height: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("family")]

    def __init__(self, session: Session, request: Callable[[Request], None], *, recorded: bool = False) -> None:
        super().__init__()
        self._recorded = recorded
        self._session, self._request = session, request
        self._metric: Metric = "uss"  # what the others of a family do not move
        self._filter = self._search = ""
        self._rows: list[MemberRow] = []
        """The members shown, in order."""
        self._searched_from = 0
        self._order = _ORDERS[0]

    def compose(self) -> ComposeResult:
        """Compose the title, the members, and the mappings that they share."""
        yield FamilyTitle()
        with Vertical():
            yield FamilyTable()
            yield SharingTable()
        yield FilterLine(_HINT, lambda _: True, id="filter-members")
        yield FilterLine(_HINT, self._finds, id="search-members")
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin to read the family."""
        self._request(FollowFamily())
        self.query_one(FamilyTable).focus()
        self.set_class(self._recorded, "-recorded")
        self.call_after_refresh(self.redraw)

    # what is shown

    def redraw(self) -> None:
        """Show the family at the moment that the dashboard shows."""
        session, log = self._session, self._session.family.log
        if log.last is None or session.view is None or not self.is_mounted:
            self.query_one(FamilyTitle).show(" reading the family …", "")
            return
        state, view = session.view_state, session.view
        at_ns = log.last.monotonic_ns if state.at is None else view.snapshot.tick.monotonic_ns
        begin_ns = at_ns - (view.window.end_ns - view.window.begin_ns)
        before = log.first_tick_ns if state.baseline == "previous" else view.diff.before.tick.monotonic_ns
        table = family_table(log, at_ns, before, self._metric)
        moment = FamilyMoment(table, at_ns, begin_ns, self._metric, self._timelines())
        rows = self._rows = self._select(table, at_ns)
        members = self.query_one(FamilyTable)
        members.styles.height = max(_LEAST_LINES, min(len(table.rows) + 2, self.size.height * 3 // 5))
        members.show(moment, rows, self._watched_pid)
        order = {"tree": "tree", "change": "largest change first", "size": "largest first"}[self._order]
        self._sample(table.rows, at_ns)
        pids = tuple(pid for pid in (self._target_pid, *self._session.family.sampled) if pid in moment.timelines)
        sampled = {pid: moment.timelines[pid] for pid in pids}
        self.query_one(FamilyTitle).show(
            f" {self._target_title}   {family_title(moment)}",
            f"{order}   Δ {self._baseline_text(view)} ",
            "" if self._recorded else reading_text(moment, log.interval_ns, tuple(sampled.values())),
        )
        shared = session.family.shared_mappings(sampled, at_ns)
        self.query_one(SharingTable).show(shared, pids)

    @property
    def _target_title(self) -> str:
        """The process that smapstop was started on, with its pid."""
        member = self._session.family.log.member(self._target_pid)
        return f"{self._target_pid}" if member is None else f"{member_title(member)} {self._target_pid}"

    def _baseline_text(self, view: View) -> str:
        """What the family is compared with: members are read in turn, so the first reading, not the tick before."""
        if self._session.view_state.baseline != "previous":
            return baseline_text(view, self._session.timeline)
        return f"since {fmt.clock(self._session.family.log.first_wall_ns)}"

    @property
    def _target_pid(self) -> int:
        """The process that smapstop was started on."""
        run = self._session.runs.newest
        return run.target.pid if run else 0

    @property
    def _watched_pid(self) -> int:
        """The process that the dashboard shows."""
        return self._session.run.target.pid if self._session.run else 0

    def _timelines(self) -> dict[int, Timeline]:
        """Timelines of the target and of the members that are sampled, by pid."""
        run = self._session.runs.newest
        timelines = {pid: each.timeline for pid, each in self._session.family.runs.items() if len(each.timeline)}
        return timelines if run is None else {run.target.pid: run.timeline} | timelines

    def _select(self, table: FamilyMembers, at_ns: int) -> list[MemberRow]:
        """Members that match the filter, in the order chosen."""
        words = self._filter.casefold().split()
        rows = [row for row in table.rows if _has_words(row, self._filter)]
        if self._order == "tree" and not words:
            return rows
        if self._order == "change":
            rows.sort(key=lambda row: -(row.change or 0))
        elif self._order == "size":
            rows.sort(key=lambda row: -(row.history.value_at(self._metric, at_ns) or 0))
        return [replace(row, place=replace(row.place, is_last=())) for row in rows]  # no tree

    def _sample(self, rows: Sequence[MemberRow], at_ns: int) -> None:
        """Have the members sampled whose own memory is largest, and the one under the cursor."""
        current = self.query_one(FamilyTable).current
        alive = {row.pid: row for row in rows if not (row.is_gone or row.is_zombie or row.history.missing)}
        kept = [pid for pid in self._session.family.sampled if pid in alive]
        others = sorted(alive.values(), key=lambda row: -(row.history.value_at("uss", at_ns) or 0))
        wanted = [current.pid] if current is not None and current.pid in alive else []
        wanted += [*kept, *(row.pid for row in others)]
        chosen = [pid for pid in dict.fromkeys(wanted) if pid != self._target_pid][:MAX_SAMPLED]
        if set(chosen) != set(self._session.family.sampled):
            self._session.family.sampled = tuple(sorted(chosen))
            self._request(SampleMembers(self._session.family.sampled))

    # what the user does

    @on(FamilyTable.MemberHighlighted)
    def follow_cursor(self) -> None:
        """Sample the member under the cursor, too."""
        self.redraw()

    @on(FamilyTable.MemberChosen)
    def watch_member(self) -> None:
        """Watch the member under the cursor."""
        self._watch(None)

    @on(SharingTable.MappingChosen)
    def watch_mapping(self) -> None:
        """Watch the member under the cursor, at the mapping under the cursor."""
        shared = self.query_one(SharingTable).current
        self._watch(None if shared is None else shared.start)

    def _watch(self, start: int | None) -> None:
        """Close with the member under the cursor, if its memory may be read."""
        row = self.query_one(FamilyTable).current
        if row is None:
            return
        if row.is_gone or row.is_zombie or row.history.missing:
            self.notify(row.history.missing or f"process {row.pid} has ended", severity="warning", markup=False)
        elif self._recorded and row.pid != self._target_pid:
            self.notify(f"only the totals of {row.pid} were recorded; the mappings are those of {self._target_pid}")
        else:
            self.dismiss((row.pid, start))

    def action_open(self) -> None:
        """Watch the member under the cursor, or one of its mappings."""
        focused = self.focused
        if isinstance(focused, FamilyTable | SharingTable):
            focused.action_open()

    def action_order(self) -> None:
        """Order the members in the next way."""
        self._order = _ORDERS[(_ORDERS.index(self._order) + 1) % len(_ORDERS)]
        self.redraw()

    def action_metric(self, metric: Metric) -> None:
        """Let changes, rates, histories and the order follow a metric."""
        self._metric = metric
        self.redraw()

    def action_compare(self) -> None:
        """Compare with the next baseline."""
        session = self._session
        session.set_view_state(session.view_state.cycle_baseline(earlier=session.previous_run is not None))
        session.refresh()
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
        self.query_one(FamilyTable).focus()

    def action_back(self) -> None:
        """Go back one step: close an open line, drop the filter, or leave the family."""
        line = next((line for line in self.query(FilterLine) if line.display), None)
        if line is not None:
            line.clear_and_close()
        elif self._filter:
            self._filter = ""
            self.redraw()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Go back to the process that is watched."""
        self.dismiss(None)


def _has_words(row: MemberRow, words: str) -> bool:
    """Whether a member has words in its name or pid."""
    text = f"{row.pid} {member_title(row.history)}".casefold()
    return all(word in text for word in words.casefold().split())
