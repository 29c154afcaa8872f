"""Line to type a command: with completion, its meaning above, and the reason when it is wrong."""

from collections.abc import Sequence
from typing import ClassVar, cast

from textual import on
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from smapstop.errors import SmapstopError
from smapstop.text import format as fmt
from smapstop.ui.commands.table import COMMANDS, complete_line, find_command, run_line
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.state.line_history import LineHistory
from smapstop.ui.widgets.line_input import FirstCompletion, LineInput

_HINT = "sort pss   group kind   goto 16:12:50   theme nord"


class CommandInput(LineInput):
    """The typed command, the rest of its first completion dimmed; tab goes through the completions.

    Args:
        history: The commands typed before.
    """

    DEFAULT_CSS = "CommandInput { width: 1fr; padding: 0; display: block; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("command")]

    def __init__(self, history: LineHistory) -> None:
        super().__init__(_HINT, select_on_focus=False)
        self.history = history
        self.suggester = FirstCompletion(self)

    @property
    def is_open(self) -> bool:
        """Whether the user types here: the line opens and closes together with what stands above it."""
        return bool(self.query_ancestor(CommandLine).display)

    def completions(self, line: str) -> list[str]:
        """All completions of a line."""
        return complete_line(cast("MainScreen", self.screen), line)

    async def action_submit(self) -> None:
        """Run the command at once: keys that come with its enter are for what it opens."""
        self.query_ancestor(CommandLine).run(self.value.strip())

    def action_close(self) -> None:
        """Close the line."""
        self.query_ancestor(CommandLine).close()


class CommandLine(Container):
    """The command being typed, and above it what it means, or why it makes no sense.

    Args:
        history: The commands typed before; those typed here are added.
    """

    DEFAULT_CSS = """
    CommandLine { display: none; height: 2; background: $panel; padding: 0 1; layout: horizontal;
      & > .meaning { dock: top; height: 1; text-wrap: nowrap; text-overflow: ellipsis; color: $text-muted; }
      & > .meaning.-wrong { color: $text-error; text-style: bold; }
      & > .colon { width: 1; }
    }
    """

    def __init__(self, history: LineHistory) -> None:
        super().__init__()
        self._history = history
        self._focused_before: Widget | None = None

    @property
    def input(self) -> CommandInput:
        """The line."""
        return self.query_one(CommandInput)

    def open(self, text: str = "") -> None:
        """Show the line with this text."""
        if not self.children:  # not composed: that is later than the next key, which may already be waiting
            meaning, colon = Static(markup=False, classes="meaning"), Static(":", classes="colon")
            self.mount(meaning, colon, CommandInput(self._history))
        if not self.display:
            self._focused_before = self.screen.focused
        self.display = True
        self.input.open(text)
        self._explain(text)

    def close(self) -> None:
        """Hide the line; what had the focus before has it again."""
        self.display = False
        if self.screen.focused is self.input:  # not `has_focus`: it is updated by a message, which comes later
            self.screen.set_focus(self._focused_before)

    @on(Input.Changed)
    def explain(self, message: Input.Changed) -> None:
        """Show what the typed command means."""
        message.stop()
        self._explain(message.value)

    def run(self, line: str) -> None:
        """Run a command and close; if it makes no sense, say why and leave it to be mended."""
        self.input.history.add(line)
        if line:
            screen = cast("MainScreen", self.screen)
            try:
                run_line(screen, line)
            except SmapstopError as error:
                self._show(str(error), wrong=True)
                return
        self.close()

    def _explain(self, line: str) -> None:
        """Show the command that a line begins with, or the commands that it may become."""
        name, space, _ = line.partition(" ")
        try:
            command = find_command(name)
        except SmapstopError as error:
            found = [each.name for each in COMMANDS if each.name.startswith(name)]
            wrong = bool(space) or not found
            self._show(str(error) if wrong else _join_fitting(found, self.screen.size.width - 2), wrong=wrong)
        else:
            self._show(f"{command.synopsis}   {command.help}")

    def _show(self, text: str, *, wrong: bool = False) -> None:
        line = self.query_one(".meaning", Static)
        line.set_class(wrong, "-wrong")
        line.update(Content(fmt.printable(text)))


def _join_fitting(names: Sequence[str], width: int) -> str:
    """Join names as far as they fit into a line, and say how many more there are."""
    text = "   ".join(names)
    shown = len(names)
    while fmt.cell_width(text) > width and shown > 1:
        shown -= 1
        text = "   ".join([*names[:shown], f"… {len(names) - shown} more: tab"])
    return text


def command_line_of(screen: MainScreen, history: LineHistory) -> CommandLine:
    """The line to type a command on a screen, mounted when it is first opened."""
    line = next(iter(screen.query(CommandLine)), None)
    if line is None:
        line = CommandLine(history)
        screen.mount(line)
    return line
