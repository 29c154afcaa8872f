"""The themes of the dashboard: Textual's own."""

from textual.app import App
from textual.theme import BUILTIN_THEMES

from smapstop.ui.theme.palette import Palette, build_palette, depth_of


def theme_names() -> tuple[str, ...]:
    """The names of the themes."""
    return tuple(sorted(BUILTIN_THEMES))


def theme_for(theme_name: str, color_system: str | None) -> str:
    """The theme for a terminal: of those with 16 colours only that in the terminal's own can be told apart.

    Args:
        wanted: What the user would rather have.
        color_system: What the terminal can show, as rich calls it (`Console.color_system`).
    """
    theme = BUILTIN_THEMES.get(theme_name)
    if color_system not in ("standard", "windows") or theme is None or theme.ansi:
        return theme_name
    return "ansi-dark" if theme.dark else "ansi-light"


def palette_of(app: App[object]) -> Palette:
    """The palette to draw with now."""
    theme, variables = app.current_theme, app.theme_variables
    depth = depth_of(app.console.color_system, no_color=app.no_color)
    if theme.ansi:  # the terminal's own colours, which nobody knows
        return build_palette(dark=theme.dark, depth="none" if depth == "none" else "16")
    return build_palette(
        dark=theme.dark, depth=depth, background=variables["background"], foreground=variables["foreground"]
    )
