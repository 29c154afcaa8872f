"""Input of one line that is hidden except while the user types, and remembers what was typed before."""

from textual import events
from textual.suggester import Suggester
from textual.widgets import Input

from smapstop.ui.state.line_history import LineHistory


class LineInput(Input):
    """An input that is shown to type one line; ↑ and ↓ bring back the lines typed before.

    Args:
        hint: Placeholder with examples.
        select_on_focus: Whether the first letter typed replaces what the line was opened with.
    """

    DEFAULT_CSS = """
    LineInput { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    LineInput:focus { border: none; }
    LineInput.-wrong { color: $text-error; text-style: underline; }
    """

    def __init__(
        self,
        hint: str,
        *,
        select_on_focus: bool = True,
        id: str | None = None,  # noqa: A002  (as Textual names it)
    ) -> None:
        super().__init__(placeholder=hint, select_on_focus=select_on_focus, id=id)
        self.history = LineHistory()
        """The lines entered before."""
        self._completions: list[str] = []
        """What tab goes through; the first is what was typed."""

    def open(self, text: str) -> None:
        """Show the line, to edit a text."""
        self.value = text
        self.cursor_position = len(text)
        self.display = True
        self.screen.set_focus(self)  # at once: `focus` is deferred, and the first letters would go elsewhere

    @property
    def is_open(self) -> bool:
        """Whether the user types here: not when it is closed, while keys that were on their way still arrive."""
        return bool(self.display)

    async def _on_key(self, event: events.Key) -> None:
        """Take enter before the keys after it; what comes when the line is closed goes where the focus is by then."""
        if not self.is_open:
            self.app.post_message(events.Key(event.key, event.character))
        elif event.key == "enter":  # as a binding it would be run by the app, when the next letter is already typed
            await self.action_submit()
        else:
            return
        event.stop()
        event.prevent_default()

    def completions(self, line: str) -> list[str]:  # noqa: ARG002  (of a line without any)
        """All completions of a line."""
        return []

    def action_complete(self, direction: int) -> None:
        """Replace what was typed by its next completion (1), or by the previous one (-1)."""
        if len(self._completions) < 3 or self.value not in self._completions:
            self._completions = [self.value, *(each for each in self.completions(self.value) if each != self.value)]
        at = (self._completions.index(self.value) + direction) % len(self._completions)
        self.value = self._completions[at]
        self.cursor_position = len(self.value)

    def action_earlier(self) -> None:
        """Bring back the line typed before this one."""
        self._walk_history(-1)

    def action_later(self) -> None:
        """Go on to the line typed after this one."""
        self._walk_history(1)

    def _walk_history(self, direction: int) -> None:
        self.value = self.history.step(self.value, direction)
        self.cursor_position = len(self.value)


class FirstCompletion(Suggester):
    """Suggests the first completion of a line."""

    def __init__(self, line: LineInput) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._line = line

    async def get_suggestion(self, value: str) -> str | None:
        """The first completion; None if there is none."""
        return next(iter(self._line.completions(value)), None)
