"""Keys: what they are in this app, and that they are obeyed at once."""

from collections.abc import Mapping

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.widgets import Input

from smapstop.ui.keys.keymap import Keymap, key_name

_USER_INPUT_EVENTS = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)


class KeyApp(App[int]):
    """An app whose keys the user may have changed.

    It does what a key is bound to at once: the next one may already be waiting, and goes where this one sends it.
    By themselves keys go through the queue of what has the focus, and find their way too late. So they still do on a
    screen above, and in a line that is typed into: there they must not overtake the letters before them.

    Args:
        changed: Other keys than the table's, in Textual's spelling, by the names of its rows.
        ansi_color: See Textual.
    """

    def __init__(self, overrides: Mapping[str, tuple[str, ...]] | None = None, *, ansi_color: bool | None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.keymap = Keymap(overrides)
        self.set_keymap({name: ",".join(keys) for name, keys in self.keymap.overrides.items()})

    def get_key_display(self, binding: Binding) -> str:
        """The first key for the same, as people read it."""
        changed = binding.id is not None and binding.id in self.keymap.overrides
        return (
            self.keymap.display_names(binding.id or "")[0]
            if changed
            else binding.key_display or key_name(binding.key)
        )

    @property
    def is_handling_keys(self) -> bool:
        """Whether keys mean what they are bound to."""
        return True

    def note_input(self) -> None:
        """The user pressed a key of ours, or used the mouse."""

    async def on_event(self, event: events.Event) -> None:
        """Obey a key; everything else takes its usual way."""
        if isinstance(event, _USER_INPUT_EVENTS) and not event.is_forwarded and self.is_handling_keys:
            self.note_input()
            if isinstance(event, events.Key) and await self._run_bound_action(event.key):
                return
        await super().on_event(event)

    async def _run_bound_action(self, key: str) -> bool:
        """Do what a key is bound to, if it is, and if nobody types."""
        bound = self.screen.active_bindings.get(key)
        if bound is None or not bound.enabled or isinstance(self.focused, Input) or len(self.screen_stack) > 1:
            return False
        # an action may skip, as copying does without a selection
        return await self.run_action(bound.binding.action, bound.node)


def keymap_of(app: App[object]) -> Keymap:
    """The keys of an app."""
    return app.keymap if isinstance(app, KeyApp) else Keymap()


def key_of(app: App[object], name: str) -> str:
    """The first key of a row of the table in an app, as people read it."""
    return keymap_of(app).display_names(name)[0]
