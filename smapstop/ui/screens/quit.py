"""Dialog on quitting while the launched program is still running: terminate or detach."""

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from smapstop.text import format as fmt
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.modal import Modal

QuitChoice = Literal["end", "leave"]

_ANSWERS = (
    ("end", "end_program", "Terminate", "SIGHUP, as if its terminal were closed"),
    ("leave", "leave_program", "Detach", "leave it running without smapstop"),
    ("cancel", "back", "Cancel", "keep watching"),
)
"""Answers: id, name of the key, title, explanation."""


class QuitScreen(Modal[QuitChoice | None]):
    """Asks what to do with the running program; the result is None when the user cancels.

    Args:
        program: The program that was launched.
        pid: Its pid.
    """

    DEFAULT_CSS = """
    QuitScreen {
      & > .box { width: 64; padding: 1 2; }
      #question { text-style: bold; margin-bottom: 1; }
      &.-tiny > .box { padding: 0 1; }
      &.-tiny #question { margin-bottom: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("quit")]

    def __init__(self, program: str, pid: int) -> None:
        super().__init__()
        self._program, self._pid = program, pid

    def compose(self) -> ComposeResult:
        """Compose the question and its answers."""
        program = fmt.shorten(self._program, 30)
        with Vertical(classes="box"):
            yield Static(Content(f"{program} ({self._pid}) is still running"), id="question")
            yield OptionList(
                *(_option(answer, key_of(self.app, key), *texts) for answer, key, *texts in _ANSWERS), compact=True
            )

    def action_answer(self, answer: str) -> None:
        """Close with an answer."""
        self.dismiss("end" if answer == "end" else "leave" if answer == "leave" else None)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Close with the answer chosen with enter or the mouse."""
        self.action_answer(message.option_id or "")


def _option(answer: str, key: str, title: str, explanation: str) -> Option:
    """Line of an answer in the list."""
    return Option(Content.assemble((f" {key:>3}  {title:18}", "bold"), f"{explanation} "), id=answer)
