"""What all screens above the dashboard have in common."""

from typing import Generic, TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Result = TypeVar("Result")
QUIET = "$foreground 80%"
"""How what explains a choice is written."""


class Modal(ModalScreen[Result], Generic[Result]):
    """A screen above the dashboard that is left once, however quickly the key that leaves it is pressed again.

    A `.box` in it stands in the middle, over what is below; a list in it says its choices.
    """

    DEFAULT_CSS = """
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
      OptionList > .option-list--option-highlighted { background: $primary 60%; color: $text; text-style: bold; }
      OptionList:focus > .option-list--option-highlighted {
        background: $primary 60%; color: $text; text-style: bold;
      }
      OptionList:focus { background-tint: $foreground 0%; }
      OptionList:ansi > .option-list--option-highlighted, OptionList:ansi:focus > .option-list--option-highlighted {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
      }
      OptionList:ansi:nocolor:focus > .option-list--option-highlighted { text-style: bold underline; }
    }
    """

    def on_resize(self, event: events.Resize) -> None:
        """Give up what a small terminal has no room for."""
        self.set_class(event.size.height < 10, "-tiny")

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave with a result, unless it was left before: Textual would then take away the screen below."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
