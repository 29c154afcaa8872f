"""Key: one action of the user, with its keys, and the places where they work."""

from collections.abc import Mapping
from typing import Literal, get_args

from smapstop.lazy_dataclass import dataclass

Group = Literal["Table", "Compare", "Time", "Pages", "Program", "General", "Cursor", "Lists"]
"""Headings under which the help lists the keys."""
GROUPS: tuple[Group, ...] = get_args(Group)
Place = Literal[
    "anywhere",
    "list",
    "table",
    "inspector",
    "fields",
    "callers",
    "events",
    "band",
    "filter",
    "command",
    "letter",
    "pages",
    "help",
    "pick",
    "search",
    "runs",
    "marks",
    "sort",
    "columns",
    "theme",
    "threads",
    "menu",
    "copy",
    "family",
    "quit",
    "guide",
]
"""Where a key works: in the whole dashboard, in a part of it that has the focus, or on a screen above it."""
PLACES: tuple[Place, ...] = get_args(Place)
MODAL_PLACES: frozenset[Place] = frozenset(PLACES[PLACES.index("help") :])
"""Screens on which the dashboard's own keys are inactive."""
TYPING_PLACES: frozenset[Place] = frozenset({"filter", "command", "letter", "pick", "sort", "columns", "theme"})
"""Places with a text input: single characters are typed, not bound."""


@dataclass(frozen=True, slots=True)
class Key:
    """One action of the user, with its keys."""

    name: str
    """Name in the config file, and id of its bindings."""
    keys: tuple[str, ...]
    """Default keys in Textual's spelling; the key bar shows the first."""
    label: str
    """One or two words, for the key bar."""
    help: str
    group: Group
    actions: Mapping[Place, str]
    """Textual action for each place."""
    shown: frozenset[Place] = frozenset()
    """Places where the key bar shows it, in the order of the table."""
    priority: bool = False
    """Takes precedence over the keys of the focused widget."""
    shadows: str = ""
    """Row of the dashboard whose keys it replaces in its own places."""


def key_row(
    name: str,
    keys: str,
    label: str,
    group: Group,
    what: str,
    anywhere: str = "",
    *,
    shown: bool | str = False,
    priority: bool = False,
    shadows: str = "",
    **elsewhere: str,
) -> Key:
    """Build a row.

    Args:
        what: The help text.
        anywhere: The action in the whole dashboard; empty for none.
        shown: Show it in the key bar everywhere (True), nowhere (False), or in these places, separated by spaces.
        elsewhere: The actions in other places.
    """
    actions = {"anywhere": anywhere, **elsewhere} if anywhere else elsewhere
    places = {place: actions[place] for place in PLACES if place in actions}
    bar = frozenset(place for place in places if (place in shown.split() if isinstance(shown, str) else shown))
    return Key(name, tuple(keys.split()), label, what, group, places, bar, priority, shadows)
