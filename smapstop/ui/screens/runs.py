"""Choosing which run of the program to look at."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from smapstop.model.compare.runs import MAX_RUNS, Run
from smapstop.text.run_table import header, line_of
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.modal import Modal


class RunsScreen(Modal[Run | None]):
    """Lists the runs, the newest first; the result is None when the user changes nothing.

    Args:
        runs: Those that are kept, the newest last.
        shown: The one that is looked at.
    """

    DEFAULT_CSS = """
    RunsScreen {
      & > .box { width: 78; }
      OptionList > .option-list--option { color: $foreground; }
      #titles { text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("runs")]

    def __init__(self, runs: Sequence[Run], shown: Run) -> None:
        super().__init__()
        self._runs, self._shown_run = tuple(runs), shown

    def compose(self) -> ComposeResult:
        """The runs, the one that is looked at marked."""
        with Vertical(classes="box") as box:
            box.border_title = f"Runs, the last {MAX_RUNS} are kept"
            box.border_subtitle = (
                f"Δ against the previous run at the same age   enter open   {key_of(self.app, 'back')}"
            )
            yield Static(Content(f"   {header()}"), id="titles")
            befores = (None, *self._runs)
            lines = [self._option(run, before) for run, before in zip(self._runs, befores, strict=False)]
            yield OptionList(*reversed(lines), compact=True)

    def on_mount(self) -> None:
        """Begin at the run that is looked at."""
        choices = self.query_one(OptionList)
        known = [run.number for run in reversed(self._runs)]
        choices.highlighted = known.index(self._shown_run.number) if self._shown_run.number in known else 0

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Take a choice."""
        self.dismiss(next(run for run in self._runs if str(run.number) == message.option_id))

    def _option(self, run: Run, before: Run | None) -> Option:
        """A run as a line of the list."""
        present = run is self._shown_run
        text = f" {'▸' if present else ' '} {line_of(run, before)}"
        return Option(Content.styled(text, "bold" if present else ""), id=str(run.number))
