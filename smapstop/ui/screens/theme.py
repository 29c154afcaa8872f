"""Dialog to choose the theme: the dashboard behind it shows the one under the cursor."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.theme import BUILTIN_THEMES
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.modal import Modal
from smapstop.ui.theme.app_theme import theme_for, theme_names
from smapstop.ui.widgets.findable_list import FindableList


class ThemeScreen(Modal[None]):
    """Lists the themes that this terminal can show; leaving it without a choice restores the theme."""

    DEFAULT_CSS = """
    ThemeScreen { align: right middle; background: transparent;
      & > .box { width: 48; padding: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("theme")]

    def compose(self) -> ComposeResult:
        """Compose the list, with the theme in use marked."""
        self._initial_theme = self.app.theme
        colours = self.app.console.color_system
        self._names = [name for name in theme_names() if theme_for(name, colours) == name]
        with Vertical(classes="box") as box:
            box.border_title = "Theme"
            box.border_subtitle = f"type to find · enter apply · {key_of(self.app, 'back')} cancel"
            yield FindableList([*map(self._option, self._names)], self._names)

    def on_mount(self) -> None:
        """Highlight the theme in use."""
        self.query_one(OptionList).highlighted = self._names.index(self._initial_theme)

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Show the dashboard in the theme under the cursor."""
        self.app.theme = message.option_id or self._initial_theme

    def on_option_list_option_selected(self) -> None:
        """Leave the theme as it is now, and close."""
        self.dismiss()

    def action_back(self) -> None:
        """Restore the theme, and close."""
        self.app.theme = self._initial_theme
        self.dismiss()

    def _option(self, name: str) -> Option:
        """Line of a theme."""
        is_used = name == self._initial_theme
        brightness = "dark" if BUILTIN_THEMES[name].dark else "light"
        text = f" {'●' if is_used else ' '} {name:22} {brightness:5}"
        return Option(Content.styled(text, "bold" if is_used else ""), id=name)
