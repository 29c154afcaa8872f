"""The palette of the running app: by its theme, and by what the terminal can show."""

from textual.app import App

from smapstop.ui.palette import Palette, depth_of, palette


def palette_of(app: App[object]) -> Palette:
    """The palette to draw with now."""
    theme, variables = app.current_theme, app.theme_variables
    depth = depth_of(app.console.color_system, no_color=app.no_color)
    if theme.ansi:  # the terminal's own colours, which nobody knows
        return palette(dark=theme.dark, depth="none" if depth == "none" else "16")
    return palette(
        dark=theme.dark, depth=depth, background=variables["background"], foreground=variables["foreground"]
    )
