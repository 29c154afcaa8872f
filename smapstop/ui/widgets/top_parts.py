"""Parts above the table: the header, an alert, the time band, the totals."""

from collections.abc import Iterable, Iterator

from textual.screen import Screen
from textual.widget import Widget

from smapstop.model.view.view import View
from smapstop.text.units import page_kb_of
from smapstop.ui.state.session import Session
from smapstop.ui.widgets.alert_banner import AlertBanner
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.time_band import TimeBand
from smapstop.ui.widgets.totals import Totals


def compose_top() -> Iterable[Widget]:
    """Compose the parts, from the top."""
    yield HeaderBar()
    yield AlertBanner()
    yield TimeBand()
    yield Totals()


def examine_alerts(screen: Screen[None], session: Session, view: View) -> bool:
    """Examine what is new for alerts, and ring the bell if one is raised; whether one is."""
    is_raised = session.alerts.update(session.runs, session.family.log, page_kb_of(view.mappings))
    if is_raised and session.end_of_recording is None:
        screen.app.bell()
    return is_raised


def show_top(screen: Screen[None], session: Session, view: View, *, numbered: bool) -> Iterator[None]:
    """Show a view in the parts, and the alerts of the newest run; a slice of work ends at the `yield`.

    Args:
        screen: Has the parts.
        session: State of the session.
        view: The view.
        numbered: Whether there are several runs, so that the header says which this is.
    """
    examine_alerts(screen, session, view)
    screen.query_one(AlertBanner).show(session.alerts.current(session.runs), view.state.units)
    screen.query_one(HeaderBar).show_view(session, view, numbered=numbered)
    marks = (*session.marks, *session.alerts.marks(session.run))
    screen.query_one(TimeBand).show(session.activity, view, marks, is_over=session.is_over)
    yield
    screen.query_one(Totals).show(session.timeline, view)
