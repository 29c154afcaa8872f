"""An app with configurable keys, which runs bound actions immediately."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from smapstop.text import format as fmt
from smapstop.ui.driver import TerminalDriver
from smapstop.ui.garbage_collection import RESUME_SECONDS, resume_collection
from smapstop.ui.keys.keymap import Keymap, key_name

_USER_INPUT_EVENTS = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)
_PATIENCE_SECONDS = 3.0
"""Most time that a key waits until the one before it has taken effect."""


@runtime_checkable
class KeyTaker(Protocol):
    """A widget that takes keys as soon as they arrive while it has the focus."""

    async def take_key(self, event: events.Key) -> bool:
        """Take a key; False leaves it to the bindings."""


class KeyApp(App[int]):
    """An app whose keys the user may have overridden.

    A key's action runs as soon as the key arrives: the next key may already be queued, and where it goes may depend
    on this one. Textual itself sends keys through the queue of the focused widget, which is too late for that.
    Letters still go there; the key after one waits until it has arrived, and until a screen has opened or closed.

    Args:
        overrides: Keys that replace those of the table, in Textual's spelling, by row name.
        ansi_color: See Textual.
    """

    def __init__(self, overrides: Mapping[str, tuple[str, ...]] | None = None, *, ansi_color: bool | None) -> None:
        super().__init__(TerminalDriver, ansi_color=ansi_color)
        self.keymap = Keymap(overrides)
        self.set_keymap({name: ",".join(keys) for name, keys in self.keymap.overrides.items()})

    def on_mount(self) -> None:
        """Begin to collect garbage once the first screen is painted."""
        self.set_timer(RESUME_SECONDS, resume_collection)

    def _fatal_error(self) -> None:
        """Leave after an error that nothing handled, with the traceback as Python prints it.

        Textual prints all local variables, too: with a memory map among them that takes up to half a minute, in which
        nothing reacts, and it puts the names of the watched process into what the user will send to others.
        """
        import traceback  # rarely needed

        lines = map(fmt.printable, traceback.format_exc().splitlines())
        self._exit_renderables.append("\n".join(lines))
        self._close_messages_no_wait()

    def get_key_display(self, binding: Binding) -> str:
        """Display name of the first key with the same action."""
        overridden = binding.id is not None and binding.id in self.keymap.overrides
        return (
            self.keymap.display_names(binding.id or "")[0]
            if overridden
            else binding.key_display or key_name(binding.key)
        )

    @property
    def is_handling_keys(self) -> bool:
        """Whether keys run the actions they are bound to."""
        return True

    def note_input(self) -> None:
        """Called when the user presses a key for smapstop or uses the mouse."""

    def action_suspend(self) -> None:
        """Give the terminal back to the shell and stop, as ctrl-z does elsewhere, until the shell continues us.

        The signal goes to our process group, as from a terminal: who waits for us, such as make, stops as well. The
        sampler ignores it and goes on until its pipe is full; a launched program has a session of its own.
        """
        with self.suspend():
            os.kill(0, signal.SIGTSTP)

    async def on_event(self, event: events.Event) -> None:
        """Run the action of a key; leave every other event to Textual."""
        if not isinstance(event, events.InputEvent) or event.is_forwarded:
            await super().on_event(event)
            return
        if isinstance(event, _USER_INPUT_EVENTS) and self.is_handling_keys:
            self.note_input()
        if isinstance(event, events.Key) and self.is_handling_keys:
            await self._handle_key(event)
        elif isinstance(event, events.MouseDown | events.MouseUp):
            # it may press a key, open a line for the letters that follow, or begin a drag
            under = next((widget for widget, _ in self.screen.get_widgets_at(int(event.x), int(event.y))), None)
            await super().on_event(event)
            await _wait_for(under)
        else:
            await super().on_event(event)

    def simulate_key(self, key: str) -> None:
        """Press a key, before all that wait: a click on a hint stands for one."""
        self.call_next(self.on_event, events.Key(key, key if len(key) == 1 else None))

    async def _handle_key(self, event: events.Key) -> None:
        """Run the action of a key, or leave it to the focused widget; where keys are typed, wait for its effect."""
        focused, screen = self.focused, self.screen
        if not (await self._take_key(event) or await self._run_bound_action(event)):
            await super().on_event(event)
        if isinstance(focused, Input) or isinstance(self.focused, Input) or len(self.screen_stack) > 1:
            await _wait_for(*dict.fromkeys((focused, screen, self.focused, self.screen)))
        elif screen is not self.screen:  # a screen has closed
            await _wait_for(self.screen)

    async def _take_key(self, event: events.Key) -> bool:
        """Give a key to the focused widget if that takes keys at once; return whether it did."""
        return isinstance(self.focused, KeyTaker) and await self.focused.take_key(event)

    async def _run_bound_action(self, event: events.Key) -> bool:
        """Run the action bound to a key unless it is a letter that the user types; return whether it ran."""
        bound = self.screen.active_bindings.get(event.key)
        if bound is None or not bound.enabled or (event.is_printable and isinstance(self.focused, Input)):
            return False
        # an action may decline, as copying does without a selection: the key is another one's then
        return await self.run_action(bound.binding.action, bound.node) or await self._check_bindings(event.key)


async def _wait_for(*nodes: Widget | None) -> None:
    """Wait until widgets, and those that they are in, have handled what is queued for them; but not long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            for node in nodes:
                for pump in () if node is None else node.ancestors_with_self:
                    handled = asyncio.Event()
                    if not isinstance(pump, App) and pump.call_later(handled.set):
                        await handled.wait()


def press_key(app: App[object], key: str) -> None:
    """Press a key; from a dialog, too, whose own messages would not leave it."""
    if isinstance(app, KeyApp):
        app.simulate_key(key)
    else:
        app.call_next(app.simulate_key, key)


def keymap_of(app: App[object]) -> Keymap:
    """Keymap of an app; the default one for an app without."""
    return app.keymap if isinstance(app, KeyApp) else Keymap()


def key_of(app: App[object], name: str) -> str:
    """Display name of the first key for a row of the table, in an app."""
    return keymap_of(app).display_names(name)[0]


def keys_of(app: App[object], name: str) -> str:
    """Display names of the first two keys for a row of the table: "ctrl+] or F12"."""
    return " or ".join(keymap_of(app).display_names(name)[:2])
