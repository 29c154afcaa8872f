"""Input line for a filter of the table's rows or of the events."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from smapstop.errors import SmapstopError
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.widgets.line_input import LineInput


class FilterLine(LineInput):
    """Posts the typed expression whenever it is valid and matches; hidden except while the user types.

    What matches nothing is not finished yet, as a rule: it is applied when the user keeps it.

    Args:
        hint: Placeholder with examples.
        matches: Whether an expression matches anything; raises a `SmapstopError` for an invalid one.
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

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("filter")]

    def __init__(self, hint: str, matches: Callable[[str], bool], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(hint, id=id)
        self._matches = matches

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
        """Post the typed expression if it is valid and matches, or mark it."""
        message.stop()
        error = self._find_error(message.value)
        matches = error is None and self._matches(message.value)
        self.set_class(not matches, "-wrong")
        if self.display and matches:
            self.post_message(self.FilterChanged(self, message.value.strip()))

    @on(Input.Submitted)
    def close_if_valid(self, message: Input.Submitted) -> None:
        """Close the line if the expression is valid, or show the error."""
        message.stop()
        error = self._find_error(message.value)
        if error is None:
            self.history.add(message.value.strip())
            self.post_message(self.FilterChanged(self, message.value.strip()))
            self.close()
        else:
            self.notify(str(error), severity="error", markup=False)

    def _find_error(self, expression: str) -> SmapstopError | None:
        """The error in an expression; None when it is valid."""
        try:
            self._matches(expression)
        except SmapstopError as error:
            return error
        return None
