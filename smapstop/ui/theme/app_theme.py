"""Choose among Textual's themes, and the palette for one."""

from textual.app import App
from textual.theme import BUILTIN_THEMES

from smapstop.ui.theme.palette import Palette, build_palette, depth_of


def theme_names() -> tuple[str, ...]:
    """Names of the themes, sorted."""
    return tuple(sorted(BUILTIN_THEMES))


def theme_for(theme_name: str, color_system: str | None) -> str:
    """Choose the theme for a terminal: with 16 colours, only the themes in the terminal's own colours are legible.

    Args:
        theme_name: The theme that the user chose.
        color_system: The terminal's colour system by rich's name (`Console.color_system`).
    """
    theme = BUILTIN_THEMES.get(theme_name)
    if color_system not in ("standard", "windows") or theme is None or theme.ansi:
        return theme_name
    return "ansi-dark" if theme.dark else "ansi-light"


def palette_of(app: App[object]) -> Palette:
    """Palette for the current theme and terminal."""
    theme, variables = app.current_theme, app.theme_variables
    depth = depth_of(app.console.color_system, no_color=app.no_color)
    if theme.ansi:  # the terminal's own colours, whose values are unknown
        return build_palette(dark=theme.dark, depth="none" if depth == "none" else "16")
    return build_palette(
        dark=theme.dark, depth=depth, background=variables["background"], foreground=variables["foreground"]
    )
