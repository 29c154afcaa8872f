"""Watch another member of the family in the dashboard, and go back to the target."""

import time
from typing import TYPE_CHECKING

from textual.timer import Timer

from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import (
    FollowFamily,
    MappingReply,
    MappingRequest,
    MemberRequest,
    Request,
    ThreadsRequest,
)

if TYPE_CHECKING:
    from smapstop.ui.screens.dashboard import MainScreen
    from smapstop.ui.screens.family import FamilyScreen
    from smapstop.ui.screens.member_lists import MemberChoice


_FRAME_SECONDS = 0.4
"""Least time between two redraws of the family because of something new."""
_LONGEST_FRAME_SECONDS = 2.0
_MOST_SHARE = 0.05
"""Share of the CPU that these redraws may take: large families are redrawn less often."""


class MemberWatch:
    """The member of the family that the dashboard shows instead of the target.

    Args:
        screen: The dashboard's screen.
    """

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen
        self._begins_with_family = screen.settings.shows_family
        self._reads_family = screen.settings.needs_family and not screen.settings.shows_family
        self._wanted: MemberChoice | None = None
        """The member to show once it has a tick."""
        self._family: FamilyScreen | None = None
        """The family that was opened last."""
        self._redrawn_s = 0.0
        """When the family was redrawn last, seconds of `time.monotonic`."""
        self._frame_s = _FRAME_SECONDS
        self._timer: Timer | None = None
        """Redraws it once more; None if nothing new came since."""

    @property
    def pid(self) -> int | None:
        """The member that is shown; None for the target."""
        session = self._screen.session
        return session.family.pid_of(session.run)

    @property
    def shows_family(self) -> bool:
        """Whether the family is open, with no dialog above it."""
        return self._family is not None and self._screen.app.screen is self._family

    def show_family(self) -> None:
        """Open the family."""
        from smapstop.ui.screens.family import FamilyScreen

        screen = self._screen
        self._timer = None  # that of the one before ends with it
        self._family = FamilyScreen(screen.session, screen.request, self._ask, recorded=screen.recorded)
        screen.app.push_screen(self._family, self._show_chosen)

    def begin(self) -> None:
        """Open the family once the target has a tick, if the user asked for it; request its readings for alerts."""
        if self._reads_family:
            self._reads_family = False
            self._screen.request(FollowFamily())
        if self._begins_with_family:
            self._begins_with_family = False
            self.show_family()

    def append(self, reading: FamilyReading) -> bool:
        """Append a reading of the family, and show it; whether alerts are to be examined because of it alone."""
        session = self._screen.session
        session.family.append(reading)
        self.redraw()
        return session.alerts.append_reading(session.runs, session.family.log)

    def redraw(self) -> None:
        """Redraw the family if it is open, and show the member that is wanted once it has a tick."""
        screen, elapsed_s = self._screen, time.monotonic() - self._redrawn_s
        if self.shows_family and self._family is not None and self._timer is None:
            if elapsed_s >= self._frame_s:
                self._redraw_family()
            else:  # each of many members may have a tick now
                self._timer = self._family.set_timer(self._frame_s - elapsed_s, self._redraw_family)
        if self._wanted is not None:
            run = screen.session.family.runs.get(self._wanted.pid)
            if run is not None and len(run.timeline):
                wanted, self._wanted = self._wanted, None
                screen.show_run(run)
                self._show_pages(wanted)

    def _redraw_family(self) -> None:
        """Redraw the family if it is open."""
        self._timer, self._redrawn_s, began_s = None, time.monotonic(), time.thread_time()
        if self.shows_family and self._family is not None:
            self._screen.session.refresh()
            self._family.redraw()
        self._frame_s = min(_LONGEST_FRAME_SECONDS, max(_FRAME_SECONDS, (time.thread_time() - began_s) / _MOST_SHARE))

    def _ask(self, pid: int, request: MappingRequest) -> None:
        """Send a request about a mapping of any member, whichever is shown."""
        newest = self._screen.session.runs.newest
        is_target = newest is not None and newest.target.pid == pid
        self._screen.source.request(request if is_target else MemberRequest(pid, request))

    def handle_reply(self, pid: int | None, reply: MappingReply) -> None:
        """Show a reply of a member, None for the target, where its mapping is shown."""
        screen, newest = self._screen, self._screen.session.runs.newest
        if pid == self.pid:
            screen.views.handle_reply(reply)
        if self.shows_family and self._family is not None and newest is not None:
            self._family.handle_reply(newest.target.pid if pid is None else pid, reply)

    def wrap(self, request: Request) -> Request:
        """A request about the process that is shown, which may be a member."""
        pid = self.pid
        if pid is not None and isinstance(request, MappingRequest | ThreadsRequest):
            return MemberRequest(pid, request)
        return request

    def go_back(self) -> bool:
        """Show the family again if a member is shown; return whether one was."""
        if self.pid is None:
            return False
        newest = self._screen.session.runs.newest
        if newest is not None:
            self._screen.show_run(newest)
        self.show_family()
        return True

    def _show_chosen(self, chosen: "MemberChoice | None") -> None:
        """Show the member that the user chose; None is the target, or the member shown before."""
        screen, newest = self._screen, self._screen.session.runs.newest
        if chosen is None:
            if self.pid is None:
                self._stop_following()
            screen.request_redraw()
        elif newest is not None and chosen.pid == newest.target.pid:
            screen.show_run(newest)
            self._stop_following()
            self._show_pages(chosen)
        else:
            self._wanted = chosen  # it is sampled already, as it is under the cursor
            screen.request_redraw()
            self.redraw()

    def _stop_following(self) -> None:
        """Stop to read the family, unless it is recorded, or an alert is about it."""
        if not self._screen.settings.needs_family:
            self._screen.request(FollowFamily(on=False))
            self._screen.session.family.sampled = ()

    def _show_pages(self, chosen: "MemberChoice") -> None:
        """Put the cursor on the mapping that was chosen, and show its pages; or those of the one under the cursor."""
        screen = self._screen
        if not chosen.pages:
            return
        screen.redraw()  # at once: the mapping has to be in the table
        view = screen.session.view
        if chosen.start is not None and view is not None:
            found = view.snapshot.ids[view.snapshot.mappings.start == chosen.start]
            if not len(found):
                return
            screen.views.select_in_table(int(found[0]))
        screen.action_pages()
