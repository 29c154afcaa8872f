"""Commands about the program that is watched."""

from functools import partial

from smapstop.errors import SmapstopError
from smapstop.model.compare.runs import Run
from smapstop.model.protocol import AttachNext, StopWaiting
from smapstop.text import format as fmt
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.messages import SourceRequested
from smapstop.ui.screens.dashboard import MainScreen


def _run(screen: MainScreen, _: str) -> None:
    """Run the launched program again; wait for the next process like the one that ended, or no longer."""
    session, dock = screen.session, screen.dock
    if screen.recorded:
        raise SmapstopError("a recording is no program to run again")
    if session.failure is not None or session.runs.newest is None:
        raise SmapstopError("nothing is watched any more, or not yet")
    if dock is None:
        _await_next(screen, session.runs.newest)
    elif dock.is_alive:
        from smapstop.ui.screens.quit import RunAgainScreen

        program = f"{fmt.shorten(dock.command[0], 30)} ({session.runs.newest.target.pid})"
        screen.app.push_screen(RunAgainScreen(program), partial(_handle_choice, screen))
    else:
        screen.run_worker(dock.run_again())


def _handle_choice(screen: MainScreen, choice: str | None) -> None:
    """Run the program again, unless the user cancelled."""
    if choice is not None and screen.dock is not None:
        screen.run_worker(screen.dock.run_again())


def _await_next(screen: MainScreen, run: Run) -> None:
    """Begin to wait for the next process like the one that ended, or stop waiting."""
    session = screen.session
    if len(run.timeline) and run.timeline.ending is None:
        raise SmapstopError("the process is still running", "once it has ended, its next run can be awaited")
    screen.post_message(SourceRequested(StopWaiting() if session.awaits_next else AttachNext(screen.pace)))
    session.awaits_next = not session.awaits_next
    screen.request_redraw()


RUN = ScreenCommand(
    "run",
    "",
    "Run the launched program again; attach to the next process of the name when the one watched has ended.",
    _run,
    available=lambda screen: not screen.recorded,
)
