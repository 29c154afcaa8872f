"""Line that takes one letter, the name of a mark, after the key of a command."""

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget

from smapstop.text import format as fmt
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.state.session import Session
from smapstop.ui.widgets.line_input import LineInput
from smapstop.ui.widgets.zoom import PARTS

_QUESTIONS = {"mark": "mark this moment as", "compare": "compare with mark", "focus": "the keys to"}
_OWN_LETTERS = {"mark": "m", "compare": "'", "focus": ""}
"""What stands for no letter, after the key of a command: the same key again."""
_PARTS = "   ".join(f"{part[0]} {part}" for part in PARTS)


class LetterLine(LineInput):
    """Asks for a letter, and runs a command with it as soon as it is typed; enter runs it without."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("letter")]

    def __init__(self, session: Session) -> None:
        super().__init__("")
        self._session = session
        self._command = ""
        self._focused_before: Widget | None = None

    def ask(self, command: str) -> None:
        """Ask for the letter of a mark to set, or to compare with, or of a part; those that there are are listed."""
        if not self.display:
            self._focused_before = self.screen.focused
        self._command = command
        header = self._session.timeline.header
        marks = "   ".join(
            f"{mark.letter or 'enter'} {fmt.clock(header(mark.tick).wall_ns)}" for mark in self._session.marks
        )
        choices, none = (_PARTS, "the next") if command == "focus" else (marks, "none")
        self.placeholder = f"{_QUESTIONS[command]}: a letter, or enter for {none}      {choices}".rstrip()
        self.open("")

    def action_close(self) -> None:
        """Close the line."""
        self.display = False
        if self.screen.focused is self:  # not `has_focus`: it is updated by a message, which comes later
            self.screen.set_focus(self._focused_before)

    async def take_key(self, event: events.Key) -> bool:
        """Run the command with the letter; with none after enter or the key of the command."""
        self.action_close()
        if event.key == "enter" or event.character == _OWN_LETTERS[self._command]:
            await self._run("")
        elif event.is_printable and event.character:
            await self._run(event.character)
        else:
            return event.key == "escape"
        return True

    async def _run(self, letter: str) -> None:
        argument = letter or ("mark" if self._command == "compare" else "")
        await self.run_action(f"app.command({f'{self._command} {argument}'.rstrip()!r})")


def letter_line_of(screen: Screen[None], session: Session) -> LetterLine:
    """The line that takes a letter on a screen, mounted when it is first opened."""
    line = next(iter(screen.query(LetterLine)), None)
    if line is None:
        line = LetterLine(session)
        screen.mount(line)
    return line
