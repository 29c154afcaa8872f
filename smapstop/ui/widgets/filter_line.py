"""Input line for a filter of the table's rows or of the events."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.state.line_history import LineHistory
from smapstop.ui.widgets.line_input import LineInput


class FilterLine(LineInput):
    """Posts the typed expression whenever it is valid and matches; hidden except while the user types.

    What matches nothing is not finished yet, as a rule: it is applied when the user keeps it. Until then, while its
    last word begins a field or a kind, what is before that word is applied.

    Args:
        hint: Placeholder with examples.
        matches: Whether an expression matches anything; raises a `SmapstopError` for an invalid one.
        complete: All completions of an expression.
        history: The expressions entered before; those entered here are added.
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

    def __init__(
        self,
        hint: str,
        matches: Callable[[str], bool],
        *,
        complete: Callable[[str], list[str]] = lambda _: [],
        history: LineHistory | None = None,
        id: str | None = None,  # noqa: A002  (as Textual names it)
    ) -> None:
        super().__init__(hint, id=id)
        self._matches, self._complete = matches, complete
        self.history = self.history if history is None else history

    def completions(self, line: str) -> list[str]:
        """All completions of an expression."""
        return self._complete(line)

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
        typed = message.value.strip()
        matches = self._is_match(typed)
        self.set_class(not matches, "-wrong")
        if not matches and self._complete(typed):  # the last word begins one that would make sense
            typed = typed.rpartition(" ")[0].strip()
            matches = self._is_match(typed)
        if self.display and matches:
            self.post_message(self.FilterChanged(self, typed))

    def _is_match(self, expression: str) -> bool:
        """Whether an expression is valid and matches anything."""
        return self._find_error(expression) is None and self._matches(expression)

    async def action_submit(self) -> None:
        """Close the line if the expression is valid, or show the error."""
        error = self._find_error(self.value)
        if error is None:
            self.history.add(self.value.strip())
            self.post_message(self.FilterChanged(self, self.value.strip()))
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
