"""Keys that are obeyed at once."""

from textual import events
from textual.app import App
from textual.widgets import Input

_TOUCHES = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)


class PromptApp(App[int]):
    """Does what a key is bound to at once: the next one may already be waiting, and goes where this one sends it.

    By themselves keys go through the queue of what has the focus, and find their way too late. So they still do
    on a screen above, and in a line that is typed into: there they must not overtake the letters before them.
    """

    @property
    def keys_are_ours(self) -> bool:
        """Whether keys mean what they are bound to."""
        return True

    def touched(self) -> None:
        """The user pressed a key of ours, or used the mouse."""

    async def on_event(self, event: events.Event) -> None:
        """Obey a key; everything else takes its usual way."""
        if isinstance(event, _TOUCHES) and not event.is_forwarded and self.keys_are_ours:
            self.touched()
            if isinstance(event, events.Key) and await self._obey(event.key):
                return
        await super().on_event(event)

    async def _obey(self, key: str) -> bool:
        """Do what a key is bound to, if it is, and if nobody types."""
        bound = self.screen.active_bindings.get(key)
        if bound is None or not bound.enabled or isinstance(self.focused, Input) or len(self.screen_stack) > 1:
            return False
        # an action may skip, as copying does without a selection
        return await self.run_action(bound.binding.action, bound.node)
