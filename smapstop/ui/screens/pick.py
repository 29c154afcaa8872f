"""Dialog to pick the process to watch from a searchable list."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static
from textual.worker import Worker, WorkerState

from smapstop.proc.process_info import ProcessInfo
from smapstop.text import format as fmt
from smapstop.text.process_list import command_or_refusal, require_own
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.screens.modal import Modal
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.process_list import ProcessList

REFRESH_SECONDS = 2.0
"""Interval at which the processes are listed again."""


class Search(Input):
    """The search line; enter is bound here, so that it is handled after all letters typed before it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("search")]


class PickScreen(Modal[int | None]):
    """Lets the user pick a process; the result is its pid, or None when the user quits.

    Args:
        processes: Lists the processes; runs in a thread.
        check: Raises `SmapstopError` when a process cannot be watched; runs in a thread. The dialog then stays open,
            and shows the reason.
    """

    DEFAULT_CSS = """
    PickScreen { background: $background;
      #title { height: 1; background: $panel; }
      #title Label { text-style: bold; padding: 0 1; }
      #title #count { width: 1fr; text-align: right; text-style: none; }
      Input { height: 1; border: none; padding: 0 1; background: $surface; }
      Input:focus { border: none; }
      #about { height: 1; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis; }
      &.-tiny #title, &.-tiny #about, &.-tiny KeyBar { display: none; }
      #about.-refused { height: auto; max-height: 3; text-wrap: wrap; color: $text-error; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("pick")]

    def __init__(
        self, processes: Callable[[], Sequence[ProcessInfo]], check: Callable[[ProcessInfo], object] = require_own
    ) -> None:
        super().__init__()
        self._list_processes, self._check = processes, check
        self._list_worker: Worker[Sequence[ProcessInfo]] | None = None
        self._checked_process: ProcessInfo | None = None
        self._refused_pid: int | None = None
        self._picks_when_listed = False
        """Whether the user pressed enter before there was a list."""

    def compose(self) -> ComposeResult:
        """Compose the search line, the list, and a line about the process under the cursor."""
        with Horizontal(id="title"):
            yield Label("Choose a process")
            yield Label(id="count")
        yield Search(placeholder="type a name, a pid, or a part of the command line")
        yield ProcessList()
        yield Static(id="about")
        yield KeyBar()

    def on_mount(self) -> None:
        """List the processes now, and again at intervals."""
        self.set_focus(self.query_one(Input))
        self.action_reload()
        self.set_interval(REFRESH_SECONDS, self.action_reload)

    @property
    def _list(self) -> ProcessList:
        return self.query_one(ProcessList)

    def _show_status(self, text: str, *, refused: bool) -> None:
        """Show a text below the list."""
        about = self.query_one("#about", Static)
        about.set_class(refused, "-refused")
        about.update(Content(fmt.printable(text)))

    # the list and the check run in threads: keys never wait for them

    def action_reload(self) -> None:
        """List the processes again, unless that is already under way."""
        if self._list_worker is None or self._list_worker.is_finished:
            self._list_worker = self.run_worker(
                self._list_processes, group="list", thread=True, exclusive=True, exit_on_error=False
            )

    @on(Input.Submitted)
    @on(ProcessList.Chosen)
    def check_picked(self) -> None:
        """Check whether the process under the cursor can be watched."""
        self._checked_process = self._list.current
        self._picks_when_listed = self._list.total is None
        if self._checked_process is not None:
            check = partial(self._check, self._checked_process)
            self.run_worker(check, group="check", thread=True, exclusive=True, exit_on_error=False)

    @on(Worker.StateChanged)
    def handle_worker_result(self, message: Worker.StateChanged) -> None:
        """Show the list, or close with the checked process; or show why that failed."""
        worker, checked = message.worker, self._checked_process
        match worker.group, message.state:
            case "list", WorkerState.SUCCESS:
                self._list.show(worker.result or ())
                if self._picks_when_listed:
                    self.check_picked()
            case "list", WorkerState.ERROR:
                self._list.show_failure(str(worker.error))
                self._show_status(str(worker.error), refused=True)
            case "check", WorkerState.SUCCESS if checked is not None:
                self.dismiss(checked.pid)
            case "check", WorkerState.ERROR if checked is not None:
                self._refused_pid = checked.pid
                self._show_status(str(worker.error), refused=True)

    # what the user does

    @on(Input.Changed)
    def filter_list(self, message: Input.Changed) -> None:
        """Filter the list while the user types."""
        self._list.filter_processes(message.value)
        self.refresh_bindings()

    @on(ProcessList.ProcessHighlighted)
    def update_status(self) -> None:
        """Show how many processes match, and the command line of the current one or why it cannot be watched."""
        total, process = self._list.total, self._list.current
        self.query_one("#count", Label).update("" if total is None else f"{self._list.match_count} of {total}")
        if process is None or process.pid != self._refused_pid:
            self._refused_pid = None
            self._show_status("" if process is None else command_or_refusal(process), refused=False)

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._list.sort_by_next()

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self._list.move(lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by screenfuls."""
        self._list.page(pages)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """There is only a search to go back from."""
        return action != "back" or bool(self.is_mounted and self.query_one(Input).value)

    def action_back(self) -> None:
        """Clear the search."""
        self.query_one(Input).value = ""

    def action_leave(self) -> None:
        """Quit without a process."""
        self.dismiss(None)
