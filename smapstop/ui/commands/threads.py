"""Command about the threads of the process."""

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Request
from smapstop.text.threads import THREAD_ORDERS
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.messages import SourceRequested
from smapstop.ui.screens.dashboard import MainScreen


def _threads(screen: MainScreen, argument: str) -> None:
    """List the threads."""
    session, run = screen.session, screen.session.run
    if run is None or session.view is None:
        raise SmapstopError("no process is shown yet")
    order = next(each for each in THREAD_ORDERS if each == THREADS.choose(argument or "cpu", THREAD_ORDERS))
    is_now = session.is_newest_run and session.view_state.at is None and run.timeline.ending is None
    is_live = is_now and not screen.recorded and session.failure is None

    def request(what: Request) -> None:
        screen.post_message(SourceRequested(what))

    def select(mapping: int | None) -> None:
        if mapping is not None:
            screen.go_to_mapping(mapping)

    from smapstop.ui.screens.threads import ThreadsScreen

    dialog = ThreadsScreen(session, request, order if is_live else "stack", is_live=is_live)
    screen.app.push_screen(dialog, select)


THREADS = ScreenCommand(
    "threads",
    "[ORDER]",
    "List the threads, with CPU time and stack size; enter goes to the stack.",
    _threads,
    lambda *_: THREAD_ORDERS,
)
