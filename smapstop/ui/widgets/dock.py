"""The place of a launched program: its terminal, framed by what runs in it and who has the keys."""

from textual.app import ComposeResult
from textual.containers import Vertical

from smapstop.ui import format as fmt
from smapstop.ui.widgets.program import ProgramPane

TYPE = "press t to type into it"
BACK = "F12 takes the keys back"


class ProgramDock(Vertical):
    """The program's pane in its frame.

    Args:
        terminal_fd: The master of the program's terminal.
        command: What is launched.
    """

    DEFAULT_CSS = """
    ProgramDock {
      height: 34%; min-height: 5;
      border: round $panel-lighten-2; border-title-color: $foreground; border-subtitle-color: $text-muted;
    }
    ProgramDock:focus-within { border: round $accent; border-title-style: bold; border-subtitle-color: $accent; }
    """

    def __init__(self, terminal_fd: int, command: tuple[str, ...]) -> None:
        super().__init__()
        self._pane = ProgramPane(terminal_fd)
        self._ended = False
        self._held = False
        self.border_title = fmt.clip(" ".join(command), 60).replace("[", r"\[")
        self.border_subtitle = TYPE

    def compose(self) -> ComposeResult:
        """The terminal."""
        yield self._pane

    @property
    def has_keys(self) -> bool:
        """Whether every key goes to the program, or to the next one."""
        # `has_focus` is told by a message, which comes later
        return self._held or self.screen.focused is self._pane

    def take_keys(self) -> bool:
        """Give the keys to the program; False when it is no more."""
        if not self._ended:
            self.screen.set_focus(self._pane)  # at once: the next key may already be waiting
        return not self._ended

    def hold_keys(self) -> None:
        """The program is ended, and another one begins at once: if this one has the keys, keep them for that one."""
        self._held = self.has_keys

    def give_up_keys(self) -> None:
        """Take the keys from the program, also from one that is still to begin."""
        self._held = False

    def end(self, how: str) -> None:
        """The program ended: say how, and keep what it wrote."""
        self._ended = True
        self.border_subtitle = how

    def begin_again(self, title: str) -> None:
        """Another program has the terminal now; in the pane it begins with this title."""
        self._pane.begin_again(title)
        self._ended = False
        if self._held:
            self._held = False
            self.take_keys()
        self._say_who_has_keys()

    def on_descendant_focus(self) -> None:
        """Say who has the keys."""
        self._say_who_has_keys()

    def on_descendant_blur(self) -> None:
        """Say who has the keys."""
        self._say_who_has_keys()

    def _say_who_has_keys(self) -> None:
        if not self._ended:
            self.border_subtitle = BACK if self.has_keys else TYPE
        self.app.refresh_bindings()
