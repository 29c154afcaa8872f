"""Dialog to choose the run of the program to show."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from smapstop.model.compare.runs import MAX_RUNS, Run
from smapstop.text import format as fmt
from smapstop.text.run_table import header, line_of
from smapstop.text.units import AUTO, UnitFormat
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.modal import Modal

_FRAME_CELLS = 7
"""Cells of the frame, its padding, and the mark before a line."""


class RunsScreen(Modal[Run | None]):
    """Lists the runs, the newest first; the result is None when the user changes nothing.

    Args:
        runs: The stored runs, the newest last.
        shown: The run shown now.
        unit: Format of amounts.
    """

    DEFAULT_CSS = """
    RunsScreen {
      OptionList > .option-list--option { color: $foreground; }
      #titles { text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("runs")]

    def __init__(self, runs: Sequence[Run], shown: Run, unit: UnitFormat = AUTO) -> None:
        super().__init__()
        self._runs, self._shown_run, self._unit = tuple(runs), shown, unit

    def compose(self) -> ComposeResult:
        """Compose the list of runs, with the one shown marked."""
        with Vertical(classes="box") as box:
            box.styles.width = fmt.cell_width(header(self._unit)) + _FRAME_CELLS
            box.border_title = f"Runs, the last {MAX_RUNS} are kept"
            box.border_subtitle = (
                f"Δ against the previous run at the same age · enter open · {key_of(self.app, 'back')} close"
            )
            yield Static(Content(f"   {header(self._unit)}"), id="titles")
            previous_runs = (None, *self._runs)
            lines = [self._option(run, previous) for run, previous in zip(self._runs, previous_runs, strict=False)]
            yield OptionList(*reversed(lines), compact=True)

    def on_mount(self) -> None:
        """Highlight the run shown."""
        choices = self.query_one(OptionList)
        numbers = [run.number for run in reversed(self._runs)]
        choices.highlighted = numbers.index(self._shown_run.number) if self._shown_run.number in numbers else 0

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Close with the run chosen."""
        self.dismiss(next(run for run in self._runs if str(run.number) == message.option_id))

    def _option(self, run: Run, previous: Run | None) -> Option:
        """Line of a run in the list, compared with the previous run."""
        is_shown = run is self._shown_run
        text = f" {'●' if is_shown else ' '} {line_of(run, previous, self._unit)}"
        return Option(Content.styled(text, "bold" if is_shown else ""), id=str(run.number))
