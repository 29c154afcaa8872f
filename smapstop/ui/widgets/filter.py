"""The line in which the user types what rows to show."""

from dataclasses import dataclass

from textual import on
from textual.message import Message
from textual.widgets import Input

from smapstop.errors import SmapstopError
from smapstop.model.arrange import filter_of


class FilterLine(Input):
    """Says what is typed as soon as it makes sense; hidden until it is opened, and when it is done."""

    DEFAULT_CSS = """
    FilterLine { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    FilterLine:focus { border: none; }
    """

    @dataclass
    class Typed(Message):
        """An expression that makes sense."""

        expression: str

    class Done(Message):
        """The user typed all."""

    def __init__(self) -> None:
        super().__init__(placeholder="libc   kind:heap   perm:w   rss>10M   delta!=0   !/usr   0x7f…")

    def open(self, expression: str) -> None:
        """Let the user change an expression."""
        self.value = expression
        self.display = True
        self.screen.set_focus(self)  # at once: `focus` would be later, and the first letters would go elsewhere

    def close(self) -> None:
        """Hide, and keep what was said."""
        self.display = False

    @on(Input.Changed)
    def tell(self, message: Input.Changed) -> None:
        """Say what is typed, as far as it makes sense yet."""
        message.stop()
        if self.display and self._wrong(message.value) is None:
            self.post_message(self.Typed(message.value.strip()))

    @on(Input.Submitted)
    def finish(self, message: Input.Submitted) -> None:
        """Be done, or say what is wrong."""
        message.stop()
        wrong = self._wrong(message.value)
        if wrong is None:
            self.close()
            self.post_message(self.Done())
        else:
            self.notify(str(wrong), severity="error", markup=False)

    @staticmethod
    def _wrong(expression: str) -> SmapstopError | None:
        """What is wrong with an expression."""
        try:
            filter_of(expression)
        except SmapstopError as error:
            return error
        return None
