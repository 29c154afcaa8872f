"""List of choices in which typing finds one by its name."""

import re
from collections.abc import Sequence

from textual import events
from textual.widgets import OptionList
from textual.widgets.option_list import Option

_PAUSE_SECONDS = 1.0
"""After this time without a letter, the next one starts a new word."""


class FindableList(OptionList):
    """Choices, one a line; typing goes to the next one whose name, or a word in it, begins so.

    Args:
        options: The choices.
        names: Their names.
    """

    def __init__(self, options: Sequence[Option], names: Sequence[str]) -> None:
        super().__init__(*options, compact=True)
        self._set_names(names)
        self._typed = ""
        self._typed_at = 0.0

    def _set_names(self, names: Sequence[str]) -> None:
        self._names = tuple(name.casefold() for name in names)

    def replace_choices(self, options: Sequence[Option], names: Sequence[str]) -> None:
        """List other choices, or the same in another order."""
        self.set_options(options)
        self._set_names(names)

    def on_key(self, event: events.Key) -> None:
        """Highlight the next choice that begins with the typed text."""
        if not (event.is_printable and event.character):
            return
        event.stop()
        continues = event.time - self._typed_at < _PAUSE_SECONDS
        self._typed_at = event.time  # when it was typed: what the letter before led to may take a while
        letter = event.character.casefold()
        if not (continues and self._find(self._typed + letter)):
            self._typed = ""
            self._find(letter)

    def _find(self, typed: str) -> bool:
        """Highlight the next choice that begins with a text, else one of whose words does; a letter again goes on."""
        first = (self.highlighted or 0) + (len(typed) == 1)
        order = (*range(first, len(self._names)), *range(first))
        begins = (at for at in order if self._names[at].startswith(typed))
        words = (at for at in order if re.search(rf"\b{re.escape(typed)}", self._names[at]))
        at = next(begins, None)
        at = next(words, None) if at is None else at
        if at is None:
            return False
        self.highlighted, self._typed = at, typed
        return True
