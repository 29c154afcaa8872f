"""The themes of the dashboard: Textual's own."""

from textual.theme import BUILTIN_THEMES


def theme_names() -> tuple[str, ...]:
    """The names of the themes."""
    return tuple(sorted(BUILTIN_THEMES))


def theme_for(wanted: str, color_system: str | None) -> str:
    """The theme for a terminal: of those with 16 colours only that in the terminal's own can be told apart.

    Args:
        wanted: What the user would rather have.
        color_system: What the terminal can show, as rich calls it (`Console.color_system`).
    """
    theme = BUILTIN_THEMES.get(wanted)
    if color_system not in ("standard", "windows") or theme is None or theme.ansi:
        return wanted
    return "ansi-dark" if theme.dark else "ansi-light"
