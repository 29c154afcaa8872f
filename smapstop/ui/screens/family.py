"""The family of the process: its members as a tree, and which of the mappings they share are whose own."""

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.timer import Timer

from smapstop.model.family.family_table import MemberRow
from smapstop.model.family.sharing import SharedMapping
from smapstop.model.protocol import FollowFamily, MappingReply, MappingRequest, Request, SampleMembers, SharersReply
from smapstop.text import format as fmt
from smapstop.text.family import family_title, member_title, past_text, reading_text
from smapstop.text.sharing import first_copy_text, missing_pages_text, sharing_name
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.messages import SourceRequested
from smapstop.ui.screens.family_timeline import FamilyTimeline
from smapstop.ui.screens.member_lists import MemberChoice
from smapstop.ui.state.family_view import FamilyView, derive_family_view
from smapstop.ui.state.member_view import MemberViews
from smapstop.ui.state.session import Session
from smapstop.ui.widgets.alert_banner import AlertBanner
from smapstop.ui.widgets.family_band import FamilyBand, FamilyTime, marked_moments
from smapstop.ui.widgets.family_table import FamilyTable
from smapstop.ui.widgets.family_title import FamilyTitle
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.member_pages import MemberMapping, MemberPages
from smapstop.ui.widgets.sharing_table import SharingTable

_LEAST_LINES = 5
"""Least height of the members, lines."""
_SHARE_ALONE, _SHARE_WITH_PAGES = 0.6, 0.45
"""Most of the height that the members take, without and with pages below them."""
_WIDE_CELLS = 160
"""Width from which on the pages of a mapping are at the right of the mappings."""
_BAND_LINES = 50
"""Height from which on the members are also shown over time."""
_BAND_PART = 6
"""Most of the height, as one part of so many, that this takes."""
_REST_SECONDS = 0.3
"""Time for which the cursor rests on a member until it is sampled: passing by costs no other its history."""
_TALL_LINES, _LOW_LINES = 32, 22
"""Heights from which on the pages are shown: below the mappings, at their right."""


class FamilyScreen(FamilyTimeline):
    """Shows the family; the result is the member to watch, or None to go on with the one that is watched.

    Args:
        session: State of the session.
        request: Sends requests to the source.
        ask: Sends a request about a mapping of a member, by its pid.
        recorded: Whether it is a recording, which has the mappings of one process only.
    """

    DEFAULT_CSS = """
    FamilyScreen { background: $background; align: left top;
      Vertical { height: 1fr; }
      FamilyTable { height: 1fr; }
      #shared { height: 1fr; border-top: solid $foreground 20%; }
      #shared > * { height: 1fr; width: 1fr; }
      MemberPages, FamilyBand { display: none; }
      &.-band FamilyBand { display: block; }
      &.-pages MemberPages { display: block; }
      &.-wide #shared { layout: horizontal; }
      &.-wide MemberPages { border-left: solid $foreground 20%; }
      &.-wide #pages-reason { height: 7; }
      &.-low #shared, &.-recorded #shared { display: none; }
      &.-low FamilyTable { height: 1fr; }
      &.-recorded FamilyTitle { height: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("family")]

    def __init__(
        self,
        session: Session,
        request: Callable[[Request], None],
        ask: Callable[[int, MappingRequest], None],
        *,
        recorded: bool = False,
    ) -> None:
        super().__init__(session)
        self._recorded = recorded
        self._request, self._ask = request, ask
        self._views = MemberViews()
        self._rest_timer: Timer | None = None
        """Runs while the cursor has not rested on a member for long enough."""

    def compose(self) -> ComposeResult:
        """Compose the title, the members, and the mappings that they share."""
        yield FamilyTitle()
        yield AlertBanner()
        with Vertical():
            yield FamilyTable()
            with Container(id="shared"):
                yield SharingTable()
                yield MemberPages()
            yield FamilyBand()
        yield from self.compose_lines()
        yield KeyBar(self.key_labels)

    def on_mount(self) -> None:
        """Begin to read the family."""
        self._request(FollowFamily())
        self.set_focus(self.query_one(FamilyTable))
        self.set_class(self._recorded, "-recorded")
        self.call_after_refresh(self.redraw)

    def on_resize(self, event: events.Resize) -> None:
        """Show the pages of a mapping where there is room: at the right, or below."""
        super().on_resize(event)
        width, height = event.size
        is_wide = width >= _WIDE_CELLS
        self.set_class(is_wide, "-wide")
        self.set_class(height >= (_LOW_LINES if is_wide else _TALL_LINES), "-pages")
        self.set_class(height >= _BAND_LINES, "-band")
        self.call_after_refresh(self.redraw)

    # what is shown

    def redraw(self) -> None:
        """Show the family at the moment that the dashboard shows."""
        session = self.session
        view = derive_family_view(session, self.metric) if self.is_mounted else None
        if view is None:
            self.query_one(FamilyTitle).show(f" {session.failure_text or 'reading the family …'}", "")
            return
        rows, members = self.select_rows(view.moment.table, view.moment.at_ns), self.query_one(FamilyTable)
        share = _SHARE_WITH_PAGES if self.has_class("-pages") else _SHARE_ALONE
        lines = min(len(view.moment.table.rows) + 2, round(self.size.height * share))
        members.styles.height = max(_LEAST_LINES, lines)
        members.show(view.moment, rows, session.run.target.pid if session.run else 0)
        self.query_one(AlertBanner).show(session.alerts.current(session.runs), session.view_state.units)
        self._show_title(view)
        current = members.current
        self._show_time(view, rows, 0 if current is None else current.pid)
        shared = self.query_one(SharingTable)
        shared.show(view.shared, tuple(view.compared), 0 if current is None else current.pid, view.moment.unit)
        self._show_pages(view, current)
        self._sample(view)

    def _show_title(self, view: FamilyView) -> None:
        """Show which family it is, and what is read how often, or which moment is shown."""
        session, target_pid = self.session, self.session.target_pid
        target = session.family.log.member(target_pid)
        title = "" if target is None else fmt.shorten_middle(member_title(target), self.size.width // 3)
        name = f"{title} {target_pid}".lstrip()
        when = f"{fmt.clock(view.wall_ns)}   " * (self._recorded and view.is_paused)
        self.query_one(FamilyTitle).show(
            f" {name}   {family_title(view.moment)}",
            f"{when}{self.order_text}   Δ {view.baseline} ",
            session.failure_text or ("" if self._recorded else self._time_text(view)),
        )

    def _time_text(self, view: FamilyView) -> str:
        """What is read how often, or which moment is shown."""
        log = self.session.family.log
        if view.is_paused and log.last is not None:
            behind_ns = log.last.monotonic_ns - view.moment.at_ns
            return past_text(view.wall_ns, behind_ns, key_of(self.app, "live"))
        return reading_text(view.moment, log.interval_ns, tuple(view.compared.values()))

    def _show_time(self, view: FamilyView, rows: list[MemberRow], current: int) -> None:
        """Show the members over time, where there is room."""
        band = self.query_one(FamilyBand)
        if band.display:
            time = FamilyTime(view, rows, current, marked_moments(self.session))
            band.show(time, max(3, self.size.height // _BAND_PART))

    def _show_pages(self, view: FamilyView, member: MemberRow | None) -> None:
        """Show the pages of the mapping under the cursor in the member under the cursor."""
        pane, shared = self.query_one(MemberPages), self.query_one(SharingTable).current
        if not pane.display or member is None or shared is None:
            pane.show(None)
            return
        missing = missing_pages_text(member, shared, view.moment)
        if missing and pane.has_focus_within:
            self.set_focus(self.query_one(SharingTable))
        pane.show(None if missing else self._find_mapping(view, member.pid, shared), missing)

    def _find_mapping(self, view: FamilyView, pid: int, shared: SharedMapping) -> MemberMapping:
        """Find a mapping in a member that has it."""
        timeline = view.moment.timelines[pid]
        found = self._views.view_of(timeline, self.session.view_state, view.moment.at_ns, view.before_ns)
        assert found is not None, "its mappings are known"
        mapping = shared.parts[pid].mapping
        return MemberMapping(pid, sharing_name(shared), timeline, found, mapping, first_copy_text(shared))

    @on(SourceRequested)
    def ask_member(self, message: SourceRequested) -> None:
        """Ask about a mapping of the member whose pages are shown."""
        message.stop()
        pid = self.query_one(MemberPages).pid
        if pid is not None and isinstance(message.request, MappingRequest):
            self._ask(pid, message.request)

    def handle_reply(self, pid: int, reply: MappingReply) -> None:
        """Show what a member answered about a mapping."""
        if not isinstance(reply, SharersReply):
            self.query_one(MemberPages).handle_reply(pid, reply)

    def _sample(self, view: FamilyView) -> None:
        """Have the members sampled whose own memory is largest, and the one on which the cursor rests."""
        family = self.session.family
        current = self.query_one(FamilyTable).current if self._rest_timer is None else None
        if self.session.view_state.at is None:
            family.adjust_count(view.compared.values(), view.moment.at_ns)
        chosen = family.choose_sampled(
            {row.pid: row.uss or 0 for row in view.moment.table.rows if row.is_readable},
            None if current is None else current.pid,
            self.session.target_pid,
        )
        if chosen != family.sampled:
            family.sampled = chosen
            self._request(SampleMembers(chosen))

    # what the user does

    @on(FamilyTable.MemberHighlighted)
    def follow_member(self) -> None:
        """Show the member under the cursor, and sample it once the cursor rests on it."""
        if self._rest_timer is not None:
            self._rest_timer.stop()
        self._rest_timer = self.set_timer(_REST_SECONDS, self.sample_member)
        self.redraw()

    def sample_member(self) -> None:
        """Sample the member under the cursor, too."""
        if self._rest_timer is not None:
            self._rest_timer.stop()
            self._rest_timer = None
            self.redraw()

    @on(SharingTable.MappingHighlighted)
    def follow_mapping(self) -> None:
        """Show the pages of the mapping under the cursor."""
        self.redraw()

    @on(FamilyTable.MemberChosen)
    def watch_member(self) -> None:
        """Watch the member under the cursor."""
        self._watch()

    @on(SharingTable.MappingChosen)
    def watch_mapping(self) -> None:
        """Watch the member under the cursor, with the pages of the mapping under the cursor; without one, of any."""
        shared = self.query_one(SharingTable).current
        self._watch(None if shared is None else shared.start, pages=True)

    def action_pages(self) -> None:
        """Show the pages of the mapping under the cursor on the whole screen, with all that the dashboard has."""
        shared = self.query_one(SharingTable)
        if shared.count and shared.current is None:
            self.notify(
                f"{key_of(self.app, 'open')} shows these mappings, {key_of(self.app, 'pages')} the pages of one"
            )
        else:
            self.watch_mapping()

    def action_zoom_pages(self, steps: int) -> None:
        """Zoom the pages."""
        self.query_one(MemberPages).pages.action_zoom(steps)

    def action_member(self, direction: int) -> None:
        """Put the cursor on the next member, or the previous one (-1)."""
        members = self.query_one(FamilyTable)
        members.move_to(members.cursor_index + direction)

    def _watch(self, start: int | None = None, *, pages: bool = False) -> None:
        """Close with the member under the cursor, if its memory may be read.

        Args:
            start: Address of the mapping to go to; None for none.
            pages: Whether to show pages.
        """
        row = self.query_one(FamilyTable).current
        if row is None:
            return
        if not row.is_readable:
            self.notify(row.history.missing or f"process {row.pid} has ended", severity="warning", markup=False)
        elif self._recorded and row.pid != self.session.target_pid:
            self.notify(
                f"only the totals of {row.pid} were recorded; the mappings are those of {self.session.target_pid}"
            )
        else:
            self.sample_member()
            self.dismiss(MemberChoice(row.pid, start, pages))

    def action_open(self) -> None:
        """Watch the member under the cursor, or one of its mappings."""
        focused = self.focused
        if isinstance(focused, FamilyTable | SharingTable):
            focused.action_open()

    def action_back(self) -> None:
        """Go back one step: close an open line, drop the filter, or leave the family."""
        if self.close_line() or self.action_hide_alert():
            return
        if self.query_one(MemberPages).has_focus_within:
            self.set_focus(self.query_one(SharingTable))
        elif not self.drop_filter():
            self.action_leave()

    def action_hide_alert(self) -> bool:
        """Hide the alert that is shown until it is raised again; whether there was one."""
        was_shown = self.session.alerts.hide(self.session.runs)
        if was_shown:
            self.redraw()
        return was_shown

    def action_leave(self) -> None:
        """Go back to the process that is watched."""
        self.dismiss(None)
