"""The line in which the user types what to show: of the rows of the table, or of the events."""

from collections.abc import Callable
from dataclasses import dataclass

from textual import on
from textual.message import Message
from textual.widgets import Input

from smapstop.errors import SmapstopError


class FilterLine(Input):
    """Says what is typed as soon as it makes sense; hidden until it is opened, and when it is done.

    Args:
        hint: What can be typed.
        check: Raises a `SmapstopError` for what makes no sense.
    """

    DEFAULT_CSS = """
    FilterLine { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    FilterLine:focus { border: none; }
    FilterLine.-wrong { color: $text-error; text-style: underline; }
    """

    @dataclass
    class _LineMessage(Message):
        """What a line has to say."""

        line: "FilterLine"

        @property
        def control(self) -> "FilterLine":
            """By this handlers choose the line that they listen to."""
            return self.line

    @dataclass
    class FilterChanged(_LineMessage):
        """An expression that makes sense; empty when the user gave it up."""

        expression: str

    class FilterClosed(_LineMessage):
        """The user typed all."""

    def __init__(self, hint: str, check: Callable[[str], object], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder=hint, id=id)
        self._check = check

    def open(self, expression: str) -> None:
        """Let the user change an expression."""
        self.value = expression
        self.display = True
        self.screen.set_focus(self)  # at once: `focus` would be later, and the first letters would go elsewhere

    def close(self) -> None:
        """Hide, and keep what was said."""
        self.display = False
        self.post_message(self.FilterClosed(self))

    def clear_and_close(self) -> None:
        """Hide, and say that nothing is typed any more."""
        self.post_message(self.FilterChanged(self, ""))
        self.close()

    @on(Input.Changed)
    def apply_if_valid(self, message: Input.Changed) -> None:
        """Say what is typed, as far as it makes sense yet."""
        message.stop()
        wrong = self._find_error(message.value) is not None
        self.set_class(wrong, "-wrong")
        if self.display and not wrong:
            self.post_message(self.FilterChanged(self, message.value.strip()))

    @on(Input.Submitted)
    def close_if_valid(self, message: Input.Submitted) -> None:
        """Be done, or say what is wrong."""
        message.stop()
        wrong = self._find_error(message.value)
        if wrong is None:
            self.close()
        else:
            self.notify(str(wrong), severity="error", markup=False)

    def _find_error(self, expression: str) -> SmapstopError | None:
        """What is wrong with an expression."""
        try:
            self._check(expression)
        except SmapstopError as error:
            return error
        return None
