"""Textual's bindings, from the table of keys."""

from textual.binding import Binding

from smapstop.ui.keys.keymap import key_name
from smapstop.ui.keys.table import KEYS, TYPING_PLACES, Place


def bindings(*places: Place) -> list[Binding]:
    """The keys of some places as Textual binds them, those of the table; a keymap of the app may change them."""
    found = []
    for key in KEYS:
        place = next((place for place in places if place in key.actions), None)
        keys = [each for each in key.keys if place not in TYPING_PLACES or len(each) > 1]
        if place is not None and keys:
            found.append(
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
    return found
