"""Menu of what can be done with a row, where the pointer is."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Offset
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from smapstop.lazy_dataclass import dataclass
from smapstop.text import format as fmt
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.screens.modal import Modal

_WIDTH = 50
_KEYS_CELLS = 10
_TITLE_CELLS = _WIDTH - _KEYS_CELLS - 11


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """Something that can be done."""

    title: str
    command: str
    """Command that does it, with its argument."""
    keys: str = ""
    """Keys that do it, as they are displayed; empty for none."""


class RowMenu(Modal[str | None]):
    """Lists what can be done; the result is a command, None when the user does nothing.

    Args:
        title: Name of the row.
        entries: What can be done with it.
        at: Cell of the screen next to which the menu opens.
    """

    DEFAULT_CSS = f"""
    RowMenu {{ align: left top; background: transparent;
      & > .box {{ width: {_WIDTH}; }}
    }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("menu")]

    def __init__(self, title: str, entries: Sequence[MenuEntry], at: Offset) -> None:
        super().__init__()
        self._heading, self._entries, self._at = title, tuple(entries), at

    def compose(self) -> ComposeResult:
        """Compose the list."""
        with Vertical(classes="box") as box:
            box.border_title = Content(fmt.shorten_middle(self._heading, _WIDTH - 6))
            yield OptionList(*map(_option, self._entries), compact=True)

    def on_resize(self, event: events.Resize) -> None:
        """Place the menu next to the pointer, all of it on the screen."""
        super().on_resize(event)
        room = event.size.width - _WIDTH, event.size.height - len(self._entries) - 2
        x, y = (max(0, min(place, most)) for place, most in zip((self._at.x + 1, self._at.y + 1), room, strict=True))
        self.query_one(".box").styles.offset = (x, y)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Close with the command chosen."""
        self.dismiss(self._entries[message.option_index].command)


def _option(entry: MenuEntry) -> Option:
    """Line of an entry: what it does, and its keys."""
    title = fmt.pad(fmt.shorten_middle(entry.title, _TITLE_CELLS), _TITLE_CELLS)
    return Option(Content.assemble((f" {title} ", ""), (f"{entry.keys:>{_KEYS_CELLS}} ", "bold")))
