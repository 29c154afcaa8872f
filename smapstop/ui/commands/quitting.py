"""Commands that save the session, and quit: after a question if a program still runs, or history would be lost."""

from functools import partial
from typing import TYPE_CHECKING

from smapstop.errors import SmapstopError
from smapstop.text import format as fmt
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.save_worker import SAVE_GROUP, save_in_steps
from smapstop.ui.screens.dashboard import MainScreen

if TYPE_CHECKING:  # imported when it is opened
    from smapstop.ui.screens.quit import QuitChoice

LONG_SECONDS = 60
"""History of which less than this is unsaved is given up without a question."""


def _save(screen: MainScreen, file: str) -> None:
    """Save the run shown so far, unless a save is already under way."""
    if screen.recorded and not file:
        raise SmapstopError("this is a recording already", "save FILE makes another one of it")
    busy = any(worker.group == SAVE_GROUP and not worker.is_finished for worker in screen.workers)
    if screen.session.run is not None and len(screen.session.timeline) and not busy:
        screen.run_worker(_save_run(screen, file), group=SAVE_GROUP)


async def _save_run(screen: MainScreen, file: str = "") -> str:
    """Save the run shown; return the message that says so, empty if it failed."""
    run = screen.session.run
    assert run is not None, "there is a run when there is something to save"
    count = len(run.timeline)
    message = await save_in_steps(
        screen.app, screen.settings.save(run, file, screen.session.family.readings_during(run))
    )
    if message:
        screen.session.saved = run, count
    return message


_NOW = ("now",)


def _quit(screen: MainScreen, argument: str) -> None:
    """Quit; ask first what to do with a launched program that runs, and unless it is to be now, with history."""
    if argument:
        QUIT.choose(argument, _NOW)
    program = _running_program(screen)
    seconds = 0.0 if screen.recorded or screen.settings.is_recording else screen.session.unsaved_seconds
    unsaved = fmt.duration(seconds) if seconds > LONG_SECONDS and not argument else ""
    if program or unsaved:
        from smapstop.ui.screens.quit import QuitScreen

        screen.app.push_screen(QuitScreen(program, unsaved), partial(_handle_choice, screen))
    else:
        _exit(screen)


def _running_program(screen: MainScreen) -> str:
    """The launched program, with its pid once that is known; empty if none runs."""
    run = screen.session.runs.newest
    if screen.dock is None or not screen.dock.is_alive:
        return ""
    name = fmt.shorten(screen.dock.command[0], 30)
    return name if run is None or run.timeline.ending is not None else f"{name} ({run.target.pid})"


def _handle_choice(screen: MainScreen, choice: "QuitChoice | None") -> None:
    match choice:
        case "quit":
            _exit(screen)
        case "leave":
            screen.leave_program()
            _exit(screen)
        case "end":
            screen.run_worker(_end_program(screen), exclusive=True)
        case "save":
            screen.run_worker(_save_and_quit(screen), group=SAVE_GROUP)


async def _save_and_quit(screen: MainScreen) -> None:
    """Save the session, and quit if that went well."""
    message = await _save_run(screen)
    if message:
        screen.session.notices.append(message)
        _quit(screen, "now")


async def _end_program(screen: MainScreen) -> None:
    """End the program, and quit."""
    if screen.dock is not None:
        await screen.dock.end_program()
    session, run = screen.session, screen.session.runs.newest
    if run is not None and run.timeline.ending is None and session.failure is None:
        session.notices.append(
            f"process {run.target.pid} did not exit: signals did not reach it, or it is blocked in the kernel"
        )
        screen.app.exit(2)
    else:
        _exit(screen)


def _exit(screen: MainScreen) -> None:
    """Exit; with the status of a launched program that ended."""
    session, run = screen.session, screen.session.runs.newest
    ending = run.timeline.ending if run is not None and screen.dock is not None else None
    if ending is not None:
        screen.app.exit(ending.status if ending.signal is None else 128 + ending.signal)
    elif screen.dock is not None and session.failure is not None:
        screen.app.exit(session.failure.status)
    else:
        screen.app.exit(0)


SAVE = ScreenCommand(
    "save", "[FILE]", "Save the session so far as a recording.", _save, available=lambda screen: not screen.recorded
)
QUIT = ScreenCommand("quit", "[now]", "Quit; now: without a question about unsaved history.", _quit, lambda *_: _NOW)
