"""The guide on a terminal of its own, without a dashboard."""

import os
from collections.abc import Mapping

from smapstop.guide import CONTENTS
from smapstop.ui.keys.key_app import KeyApp
from smapstop.ui.screens.guide import GuideScreen
from smapstop.ui.signals import exit_on_signals
from smapstop.ui.theme.app_theme import theme_for


class GuideApp(KeyApp):
    """Show the guide until the user quits.

    Args:
        chapter: The chapter to start with.
        theme: The theme, or "" for Textual's default.
        keys: Keys that the user changed, by the names of the key table.
    """

    TITLE = "smapstop guide"

    def __init__(
        self, chapter: str = CONTENTS, theme: str = "", keys: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        super().__init__(keys, ansi_color=True if "NO_COLOR" in os.environ else None)
        self._chapter = chapter
        self.theme = theme or self.theme

    def validate_theme(self, theme: str) -> str:
        """The theme, or its replacement on a terminal with few colours."""
        return theme_for(theme, self.console.color_system)

    def on_mount(self) -> None:
        """Open the guide; quit when it is closed."""
        exit_on_signals(self.exit)
        self.push_screen(GuideScreen(self._chapter), lambda _: self.exit(0))
