"""Base of all dialogs above the dashboard."""

from typing import Generic, TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from smapstop.text import format as fmt
from smapstop.ui.drawing.cursor_css import CURSOR
from smapstop.ui.keys.hints import BORDER_END, hint_key
from smapstop.ui.keys.key_app import keymap_of, press_key

Result = TypeVar("Result")


class Modal(ModalScreen[Result], Generic[Result]):
    """A dialog above the dashboard that is dismissed only once, however quickly its key is pressed again.

    A `.box` in it is centred over the screen below; a list in it shows the choices, and an `Explained` below the list
    explains the one under the cursor.
    """

    DEFAULT_CSS = (
        """
    Modal { align: center middle; background: $background 60%;
      & > .box {
        max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
        background: $surface;
        border: round $primary; border-title-style: bold; border-title-color: $foreground;
        border-subtitle-color: $text-muted;
      }
      OptionList {
        height: auto; background: $surface; scrollbar-size-vertical: 1;
        text-wrap: nowrap; text-overflow: ellipsis;
      }
      OptionList > .option-list--option { color: $foreground 80%; }
      OptionList:focus { background-tint: $foreground 0%; }
      OptionList:ansi > .option-list--option-highlighted, OptionList:ansi:focus > .option-list--option-highlighted {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
      }
      OptionList:ansi:nocolor:focus > .option-list--option-highlighted { text-style: bold underline; }
    }
    """
        "Modal OptionList > .option-list--option-highlighted, "
        f"Modal OptionList:focus > .option-list--option-highlighted {{ {CURSOR} }}"
    )

    def on_resize(self, event: events.Resize) -> None:
        """Hide what a small terminal has no room for."""
        self.update_classes({"-tiny": event.size.height < 10, "-low": event.size.height < 20})

    def on_click(self, event: events.Click) -> None:
        """Press the key of a hint on the lower border that was clicked; go back at a click outside."""
        box, at = next(iter(self.query(".box")), None), (event.screen_x, event.screen_y)
        if box is None:
            return
        key = None
        if not box.region.contains(*at):
            key = keymap_of(self.app).keys("back")[0]
        elif event.screen_y == box.region.bottom - 1:
            text = Content.from_markup(box.border_subtitle or "").plain
            key = hint_key(text, event.screen_x - (box.region.right - BORDER_END - fmt.cell_width(text)))
        if key is not None:
            press_key(self.app, key)

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close with a result, unless already closed: Textual would then remove the screen below."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Explained(Static):
    """Explanation of the choice under the cursor, below the list; of fixed height, so that the list does not move."""

    DEFAULT_CSS = """
    Explained { dock: bottom; height: 4; padding: 0 1; border-top: solid $foreground 20%; }
    .-low Explained { display: none; }
    """
