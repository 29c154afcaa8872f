"""What all screens above the dashboard have in common."""

from typing import Generic, TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen
from textual.widgets import Static

from smapstop.ui.drawing.cursor_css import CURSOR

Result = TypeVar("Result")


class Modal(ModalScreen[Result], Generic[Result]):
    """A screen above the dashboard that is left once, however quickly the key that leaves it is pressed again.

    A `.box` in it stands in the middle, over what is below; a list in it says its choices, and an `Explained` under
    the list says all of what explains the one under the cursor.
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
        """Give up what a small terminal has no room for."""
        self.set_class(event.size.height < 10, "-tiny")
        self.set_class(event.size.height < 20, "-low")

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave with a result, unless it was left before: Textual would then take away the screen below."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Explained(Static):
    """What explains the choice under the cursor, under the list; always as many lines, so that nothing moves."""

    DEFAULT_CSS = """
    Explained { dock: bottom; height: 4; padding: 0 1; border-top: solid $foreground 20%; }
    .-low Explained { display: none; }
    """
