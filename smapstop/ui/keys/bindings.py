"""Build Textual bindings from the table of keys."""

from textual.binding import Binding

from smapstop.ui.keys.key import TYPING_PLACES, Place
from smapstop.ui.keys.keymap import key_name
from smapstop.ui.keys.table import KEYS


def bindings(*places: Place) -> list[Binding]:
    """Textual bindings for some places, with the default keys; the app's keymap overrides them by id."""
    result = []
    for key in KEYS:
        place = next((place for place in places if place in key.actions), None)
        keys = [each for each in key.keys if place not in TYPING_PLACES or len(each) > 1]
        if place is not None and keys:
            result.append(
                Binding(
                    ",".join(keys),
                    key.actions[place],
                    key.label,
                    show=place in key.shown,
                    key_display=key_name(keys[0]),
                    priority=key.priority,
                    tooltip=key.help,
                    id=key.name,
                )
            )
    return result
