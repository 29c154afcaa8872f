"""Input line for a filter of the table's rows or of the events."""

from collections.abc import Callable
from dataclasses import dataclass

from textual import on
from textual.message import Message
from textual.widgets import Input

from smapstop.errors import SmapstopError


class FilterLine(Input):
    """Posts the typed expression whenever it is valid; hidden except while the user types.

    Args:
        hint: Placeholder with examples.
        check: Raises a `SmapstopError` for an invalid expression.
    """

    DEFAULT_CSS = """
    FilterLine { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    FilterLine:focus { border: none; }
    FilterLine.-wrong { color: $text-error; text-style: underline; }
    """

    @dataclass
    class _LineMessage(Message):
        """Base of the messages of a filter line."""

        line: "FilterLine"

        @property
        def control(self) -> "FilterLine":
            """The line, by which handlers select messages (`textual.on`)."""
            return self.line

    @dataclass
    class FilterChanged(_LineMessage):
        """A valid expression was typed; empty when it was cleared."""

        expression: str

    class FilterClosed(_LineMessage):
        """The user finished typing."""

    def __init__(self, hint: str, check: Callable[[str], object], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder=hint, id=id)
        self._check = check

    def open(self, expression: str) -> None:
        """Show the line, to edit an expression."""
        self.value = expression
        self.display = True
        self.screen.set_focus(self)  # at once: `focus` is deferred, and the first letters would go elsewhere

    def close(self) -> None:
        """Hide the line; the filter stays."""
        self.display = False
        self.post_message(self.FilterClosed(self))

    def clear_and_close(self) -> None:
        """Clear the filter, and hide the line."""
        self.post_message(self.FilterChanged(self, ""))
        self.close()

    @on(Input.Changed)
    def apply_if_valid(self, message: Input.Changed) -> None:
        """Post the typed expression if it is valid, or mark it as invalid."""
        message.stop()
        is_invalid = self._find_error(message.value) is not None
        self.set_class(is_invalid, "-wrong")
        if self.display and not is_invalid:
            self.post_message(self.FilterChanged(self, message.value.strip()))

    @on(Input.Submitted)
    def close_if_valid(self, message: Input.Submitted) -> None:
        """Close the line if the expression is valid, or show the error."""
        message.stop()
        error = self._find_error(message.value)
        if error is None:
            self.close()
        else:
            self.notify(str(error), severity="error", markup=False)

    def _find_error(self, expression: str) -> SmapstopError | None:
        """The error in an expression; None when it is valid."""
        try:
            self._check(expression)
        except SmapstopError as error:
            return error
        return None
