"""The family of the process: its members as a tree, and which of the mappings they share are whose own."""

from collections.abc import Callable, Collection
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.timer import Timer

from smapstop.model.family.family_table import MemberRow
from smapstop.model.family.sharing import SharedMapping
from smapstop.model.protocol import FollowFamily, MappingReply, MappingRequest, Request, SampleMembers, SharersReply
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.family import FamilyMoment, family_format, family_title, member_title, reading_text
from smapstop.text.family_band import begin_of_curves
from smapstop.text.sharing import sharing_name
from smapstop.text.status import baseline_text
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.messages import SourceRequested
from smapstop.ui.screens.member_lists import MemberChoice, MemberLists
from smapstop.ui.state.member_view import MemberViews
from smapstop.ui.state.session import Session
from smapstop.ui.widgets.alert_banner import AlertBanner
from smapstop.ui.widgets.family_band import FamilyBand, FamilyTime, marked_moments
from smapstop.ui.widgets.family_table import FamilyTable
from smapstop.ui.widgets.family_title import FamilyTitle
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.member_pages import MemberMapping, MemberPages
from smapstop.ui.widgets.sharing_table import SharingTable

MAX_SAMPLED = 5
"""Members that are sampled beside the target: the columns of the table of shared mappings."""
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


class FamilyScreen(MemberLists):
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
        super().__init__()
        self._recorded = recorded
        self._session, self._request, self._ask = session, request, ask
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
        yield KeyBar()

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
        session, log = self._session, self._session.family.log
        if log.last is None or session.view is None or not self.is_mounted:
            self.query_one(FamilyTitle).show(f" {session.failure_text or 'reading the family …'}", "")
            return
        state, view = session.view_state, session.view
        at_ns = log.last.monotonic_ns if state.at is None else view.snapshot.tick.monotonic_ns
        begin_ns = begin_of_curves(view, at_ns)
        before = log.first_tick_ns if state.baseline == "previous" else view.diff.before.tick.monotonic_ns
        table = session.family.table(at_ns, before, self.metric)
        moment = FamilyMoment(table, at_ns, begin_ns, self.metric, self._timelines(), family_format(view, table))
        rows = self.select_rows(table, at_ns)
        members = self.query_one(FamilyTable)
        share = _SHARE_WITH_PAGES if self.has_class("-pages") else _SHARE_ALONE
        members.styles.height = max(_LEAST_LINES, min(len(table.rows) + 2, round(self.size.height * share)))
        members.show(moment, rows, self._watched_pid)
        pids = tuple(pid for pid in (self._target_pid, *self._session.family.sampled) if pid in moment.timelines)
        sampled = {pid: moment.timelines[pid] for pid in pids}
        self._sample(moment, sampled.values())
        reading = "" if self._recorded else reading_text(moment, log.interval_ns, tuple(sampled.values()))
        self.query_one(AlertBanner).show(session.alerts.current(session.runs), state.units)
        self.query_one(FamilyTitle).show(
            f" {self._target_title}   {family_title(moment)}",
            f"{self.order_text}   Δ {self._baseline_text(view)} ",
            session.failure_text or reading,
        )
        shared, current = session.family.shared_mappings(sampled, at_ns, before), members.current
        wall_ns = log.last.wall_ns if state.at is None else view.snapshot.tick.wall_ns
        pid, is_live = 0 if current is None else current.pid, state.at is None and not session.is_over
        self._show_time(FamilyTime(moment, rows, pids, pid, wall_ns, is_live, marked_moments(session)))
        self.query_one(SharingTable).show(shared, pids, 0 if current is None else current.pid, moment.unit)
        self._show_pages(current, moment, before)

    def _show_time(self, time: FamilyTime) -> None:
        """Show the members over time, where there is room."""
        band = self.query_one(FamilyBand)
        if band.display:
            band.show(time, max(3, self.size.height // _BAND_PART))

    def _show_pages(self, member: MemberRow | None, moment: FamilyMoment, before_ns: int) -> None:
        """Show the pages of the mapping under the cursor in the member under the cursor."""
        pane, shared = self.query_one(MemberPages), self.query_one(SharingTable).current
        if not pane.display or member is None or shared is None:
            pane.show(None)
            return
        found, missing = None, self._missing_pages(member, shared, moment)
        if not missing:
            timeline = moment.timelines[member.pid]
            view = self._views.view_of(timeline, self._session.view_state, moment.at_ns, before_ns)
            assert view is not None, "its mappings are known"
            part = shared.parts[member.pid]
            found = MemberMapping(member.pid, sharing_name(shared), timeline, view, part.mapping)
        if found is None and pane.has_focus_within:
            self.set_focus(self.query_one(SharingTable))
        pane.show(found, missing)

    def _missing_pages(self, member: MemberRow, shared: SharedMapping, moment: FamilyMoment) -> str:
        """Why the pages of a mapping cannot be shown in a member; empty if they can."""
        name, pid = sharing_name(shared), member.pid
        if member.history.missing:
            return member.history.missing
        if member.pid in shared.parts:
            return ""
        if member.is_gone or member.is_zombie:
            return f"process {pid} has ended"
        return f"{name} is not mapped in {pid}" if pid in moment.timelines else f"reading the mappings of {pid} …"

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

    def _sample(self, moment: FamilyMoment, compared: Collection[Timeline]) -> None:
        """Have the members sampled whose own memory is largest, and the one on which the cursor rests."""
        family, at_ns = self._session.family, moment.at_ns
        current = self.query_one(FamilyTable).current if self._rest_timer is None else None
        if self._session.view_state.at is None:
            family.adjust_count(compared, at_ns)
        readable = [row for row in moment.table.rows if not (row.is_gone or row.is_zombie or row.history.missing)]
        sizes = {row.pid: row.uss or 0 for row in readable}
        chosen = family.choose_sampled(sizes, None if current is None else current.pid, self._target_pid)
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
        if row.is_gone or row.is_zombie or row.history.missing:
            self.notify(row.history.missing or f"process {row.pid} has ended", severity="warning", markup=False)
        elif self._recorded and row.pid != self._target_pid:
            self.notify(f"only the totals of {row.pid} were recorded; the mappings are those of {self._target_pid}")
        else:
            self.sample_member()
            self.dismiss(MemberChoice(row.pid, start, pages))

    def action_open(self) -> None:
        """Watch the member under the cursor, or one of its mappings."""
        focused = self.focused
        if isinstance(focused, FamilyTable | SharingTable):
            focused.action_open()

    def action_compare(self) -> None:
        """Compare with the next baseline."""
        session = self._session
        session.set_view_state(session.view_state.cycle_baseline(earlier=session.previous_run is not None))
        session.refresh()
        self.redraw()

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
        was_shown = self._session.alerts.hide(self._session.runs)
        if was_shown:
            self.redraw()
        return was_shown

    def action_leave(self) -> None:
        """Go back to the process that is watched."""
        self.dismiss(None)
