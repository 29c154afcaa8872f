"""The palette of the running app: by its theme, and by what the terminal can show."""

from textual.app import App

from smapstop.ui.palette import Palette, depth_of, palette


def palette_of(app: App[object]) -> Palette:
    """The palette to draw with now."""
    theme = app.current_theme
    depth = depth_of(app.console.color_system, no_color=app.no_color)
    return palette(dark=theme.dark, depth=depth, background=app.theme_variables.get("background"))
