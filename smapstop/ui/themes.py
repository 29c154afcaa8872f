"""The themes of the dashboard: Textual's own."""

from textual.theme import BUILTIN_THEMES


def theme_names() -> tuple[str, ...]:
    """The names of the themes."""
    return tuple(sorted(BUILTIN_THEMES))
