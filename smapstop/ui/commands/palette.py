"""Commands of the palette: every key action that is available where the focus is."""

from collections.abc import Iterator
from functools import partial

from textual.app import SystemCommand
from textual.widget import Widget

from smapstop.ui.keys.key_app import keymap_of
from smapstop.ui.keys.table import KEYS
from smapstop.ui.screens.dashboard import MainScreen


def _is_available(screen: MainScreen, action: str) -> bool:
    """Whether an action that works anywhere makes sense now."""
    name, _, argument = action.removeprefix("app.").partition("(")
    target = screen.app if action.startswith("app.") else screen
    return bool(target.check_action(name, (argument.strip("')"),) if argument else ()))


def palette_commands(screen: MainScreen) -> Iterator[SystemCommand]:
    """Commands for the dashboard's screen, in the order of the key table."""
    app, inspector = screen.app, screen.views.inspector
    parts: dict[str, Widget] = {}
    if screen.focused is inspector.body:
        parts = {inspector.shown_tab: inspector.body, "inspector": inspector}
    for key in KEYS:
        action = key.actions.get("anywhere")
        place = next((place for place in key.actions if place in parts), None)
        if key.name == "palette" or (place is None and action is None):
            continue
        if action is None or _is_available(screen, action):
            here = key.actions[place] if place else action
            run = partial(app.run_action, here or "", parts[place] if place else screen)
            keys = " ".join(keymap_of(app).display_names(key.name))
            yield SystemCommand(key.label.capitalize(), f"{key.help}  {keys}", run)
