"""Redraw of the main screen: the view is derived again, and shown in all parts."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from smapstop.errors import SmapstopError
from smapstop.model.view.row_marks import RowMarks
from smapstop.model.view.search import find_hits
from smapstop.model.view.view import View
from smapstop.ui.screens.frame_slices import FrameSlices
from smapstop.ui.screens.row_screen import RowScreen
from smapstop.ui.widgets.main_views import Views
from smapstop.ui.widgets.panes import Panes
from smapstop.ui.widgets.top_parts import examine_alerts, show_top

_LARGE_MAP = 5_000
"""Mappings from which on a redraw takes so long that it is done in slices."""


class MainRedraw:
    """Redraws the main screen.

    Args:
        screen: The screen.
        is_covered: Whether nothing of it can be seen, as the family covers it.
        redraw_cover: Called when an alert is raised meanwhile, which is shown there.
        finish: Called at the end of each redraw.
    """

    def __init__(
        self,
        screen: RowScreen,
        is_covered: Callable[[], bool],
        redraw_cover: Callable[[], None],
        finish: Callable[[], None],
    ) -> None:
        self._screen, self._finish = screen, finish
        self._is_covered, self._redraw_cover = is_covered, redraw_cover
        self._slices = FrameSlices(screen)

    def begin(self) -> None:
        """Redraw all parts; of a large map one after another, so that keys do not wait for all of them."""
        view = self._screen.session.view
        if view is None or len(view.mappings) < _LARGE_MAP:
            self.do_now()
        else:
            self._slices.begin(self._work)

    def do_now(self) -> None:
        """Redraw all parts at once."""
        self._slices.do_now(self._work())

    def _work(self) -> Iterator[None]:
        """The work; a slice ends at each `yield`."""
        screen, session, run = self._screen, self._screen.session, self._screen.session.run
        view = self._derive_view()
        if view is None or run is None:
            return
        yield
        if session.run is not run:
            return
        session.view = view
        if self._is_covered():
            if examine_alerts(screen, session, view):
                self._redraw_cover()
            return
        self._show_table(view)
        yield
        yield from show_top(screen, session, view, numbered=screen.many_runs)
        yield
        views, events = screen.query_one(Views), screen.query_one(Panes).open_events
        views.inspector.missing_callers = session.missing_callers
        views.explain()
        yield
        if events is not None:
            events.show(session.timeline, view, alerts=session.alerts.entries(run, view.state.units))
        self._finish()

    def _derive_view(self) -> View | None:
        """Derive the view; drop a filter that needs a field that this kernel does not have."""
        session = self._screen.session
        try:
            return session.derive_view()
        except SmapstopError as error:
            self._screen.notify(str(error), severity="error", markup=False)
            session.set_view_state(replace(session.view_state, filter=""))
            return session.derive_view()

    def _show_table(self, view: View) -> None:
        """Show the view in the table."""
        screen, session = self._screen, self._screen.session
        views = screen.query_one(Views)
        carried = session.take_carried_mapping()
        if carried is not None:
            views.table.cursor_id = carried
        order = session.order
        rows = order.arrange_rows(view, session.seconds_since_input)
        screen.hits = find_hits(view, rows, session.search)
        marks = RowMarks(session.selection, session.search, screen.hits)
        views.show(session.timeline, view, rows, order.sorting, frozen=order.frozen, marks=marks)
        screen.show_chips()
