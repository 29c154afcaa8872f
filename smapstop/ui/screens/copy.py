"""Menu of what can be copied."""

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from smapstop.text import format as fmt
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.modal import Modal

_WIDTH = 72
_PREVIEW_CELLS = _WIDTH - 34


class CopyScreen(Modal[str | None]):
    """Lists what can be copied; the result is None when the user copies nothing.

    Args:
        title: What it is copied of.
        choices: What each choice is, by its name.
        previews: The beginning of what would be copied, by choice, where there is any.
    """

    DEFAULT_CSS = f"CopyScreen > .box {{ width: {_WIDTH}; }}"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("copy")]

    def __init__(self, title: str, choices: Mapping[str, str], previews: Mapping[str, str]) -> None:
        super().__init__()
        self._heading, self._choices, self._previews = title, choices, previews

    def compose(self) -> ComposeResult:
        """Compose the list."""
        with Vertical(classes="box") as box:
            box.border_title = Content(fmt.clip(f"Copy of {self._heading}", _WIDTH - 6))
            box.border_subtitle = f"enter copy   {key_of(self.app, 'back')} cancel"
            yield OptionList(*(self._option(*choice) for choice in self._choices.items()), compact=True)

    def _option(self, name: str, title: str) -> Option:
        """Line of a choice: its key, what it is, and its beginning."""
        preview = fmt.clip(self._previews.get(name, ""), _PREVIEW_CELLS)
        return Option(
            Content.assemble((f" {key_of(self.app, f'copy_{name}'):>2}  {title:24}", "bold"), f" {preview}"), id=name
        )

    def action_choose(self, name: str) -> None:
        """Close with a choice."""
        self.dismiss(name)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Close with the choice under the cursor."""
        self.dismiss(message.option_id)
