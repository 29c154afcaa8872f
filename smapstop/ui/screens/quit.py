"""Dialog on quitting while the launched program is still running, or while history is not saved."""

from typing import ClassVar, Literal, get_args

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

QuitChoice = Literal["end", "leave", "quit", "save"]
CHOICES: tuple[QuitChoice, ...] = get_args(QuitChoice)

_Answer = tuple[str, str, str, str]
"""An answer: id, name of the key, title, explanation."""
_RUNNING: tuple[_Answer, ...] = (
    ("end", "end_program", "Terminate", "SIGHUP, as a closed terminal sends"),
    ("leave", "leave_program", "Detach", "leave it running without smapstop"),
)
_CANCEL: _Answer = ("cancel", "back", "Cancel", "continue watching")


class QuitScreen(Modal[QuitChoice | None]):
    """Asks what to do with the running program or with unsaved history; the result is None when the user cancels.

    Args:
        program: The launched program that is still running; empty for none.
        unsaved: How much history is not saved; empty for none that matters.
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

    def __init__(self, program: str, unsaved: str = "") -> None:
        super().__init__()
        self._program, self._unsaved = program, unsaved

    @property
    def _question(self) -> str:
        return f"{self._program} is still running" if self._program else f"{self._unsaved} of history is not saved"

    @property
    def _answers(self) -> tuple[_Answer, ...]:
        if not self._program:
            save = ("save", "save", "Save and quit", "as a recording")
            return ("quit", "quit", "Quit", "without saving it"), save, _CANCEL
        save = ("save", "save", "Save first", f"{self._unsaved} of history is not saved")
        return (*_RUNNING, *((save,) if self._unsaved else ()), _CANCEL)

    def compose(self) -> ComposeResult:
        """Compose the question and its answers."""
        with Vertical(classes="box"):
            yield Static(Content(fmt.printable(self._question)), id="question")
            yield OptionList(
                *(_option(answer, key_of(self.app, key), *texts) for answer, key, *texts in self._answers),
                compact=True,
            )

    def action_answer(self, answer: str) -> None:
        """Close with an answer; None for "cancel", and for one that is not offered."""
        offered = {each[0] for each in self._answers}
        self.dismiss(next((choice for choice in CHOICES if choice == answer and choice in offered), None))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Close with the answer chosen with enter or the mouse."""
        self.action_answer(message.option_id or "")


class RunAgainScreen(QuitScreen):
    """Asks whether to end the running program and run it again; the result is "end", or None to let it run on."""

    @property
    def _answers(self) -> tuple[_Answer, ...]:
        return ("end", "end_program", "Run again", "terminate it first (SIGHUP)"), _CANCEL


def _option(answer: str, key: str, title: str, explanation: str) -> Option:
    """Line of an answer in the list."""
    return Option(Content.assemble((f" {key:>3}  {title:14}", "bold"), f"{explanation} "), id=answer)
