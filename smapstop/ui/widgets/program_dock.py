"""The place of a launched program: its terminal, framed by what runs in it and who has the keys."""

from textual.app import ComposeResult
from textual.containers import Vertical

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Launch, Pace
from smapstop.source.base import Source
from smapstop.text import format as fmt
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.program_control import Launching, Rebuilds
from smapstop.ui.widgets.program_pane import ProgramPane

AGAIN = "begins again …"


class ProgramDock(Vertical):
    """The program's pane in its frame.

    Args:
        terminal_fd: The master of the program's terminal.
        launching: What is launched.
        rebuilds: At each of them it begins anew.
    """

    DEFAULT_CSS = """
    ProgramDock {
      height: 14;
      border: round $foreground 35%; border-title-color: $foreground; border-subtitle-color: $text-muted;
    }
    ProgramDock:focus-within { border: round $accent; border-title-style: bold; border-subtitle-color: $accent; }
    """

    def __init__(self, terminal_fd: int, launching: Launching, rebuilds: Rebuilds | None = None) -> None:
        super().__init__()
        self._launching, self._rebuilds = launching, rebuilds
        self._pane = ProgramPane(terminal_fd)
        self._lives = True
        self._held = False
        self.border_title = fmt.clip(" ".join(launching.command), 60).replace("[", r"\[")
        self.border_subtitle = ""

    def compose(self) -> ComposeResult:
        """The terminal."""
        yield self._pane

    def on_mount(self) -> None:
        """Say who has the keys, and begin to watch for rebuilds."""
        self._say_who_has_keys()
        if self._rebuilds is not None:
            self.run_worker(self._follow(self._rebuilds))

    def on_program_pane_sized(self) -> None:
        """Launch the program, once, on a terminal that has its real size."""
        self._launching.begin()

    # who has the keys

    @property
    def lives(self) -> bool:
        """Whether there is a program to type to."""
        return self._lives

    @property
    def has_keys(self) -> bool:
        """Whether every key goes to the program, or to the next one."""
        # `has_focus` is told by a message, which comes later
        return self._held or self.screen.focused is self._pane

    def take_keys(self) -> None:
        """Give the keys to the program, unless it is no more."""
        if self._lives:
            self.screen.set_focus(self._pane)  # at once: the next key may already be waiting

    def give_up_keys(self) -> None:
        """Take the keys from the program, also from one that is still to begin."""
        self._held = False

    # the program

    def pace(self, pace: Pace) -> None:
        """Have the program sampled so when it begins again."""
        self._launching.pace(pace)

    async def _follow(self, rebuilds: Rebuilds) -> None:
        """Start the program anew when it was rebuilt; who has the keys has them then, too."""
        try:
            async for _ in rebuilds():
                self._held = self.has_keys
                await self._launching.again()
        except SmapstopError as error:
            self.app.notify(str(error), severity="error", markup=False, timeout=60)

    def began(self, number: int) -> None:
        """The program runs; the second time and later it is told apart from the one before."""
        self._launching.began()
        if number > 1:
            self._lives = True
            self._pane.begin_again(f"run {number}")
        if self._held:
            self._held = False
            self.take_keys()
        self._say_who_has_keys()

    def ended(self, how: str) -> bool:
        """The program ended: say how, and keep what it wrote; whether that was meant to be, and it begins again."""
        self._launching.ended()
        self._lives = False
        waits = "" if self._rebuilds is None else ", waits for a rebuild"
        self.border_subtitle = AGAIN if self._launching.again_soon else how + waits
        return self._launching.again_soon

    def refused(self, why: str) -> None:
        """The program could not begin again: say why."""
        self._launching.refused()
        self._held = False
        self.border_subtitle = f"{why}; waits for a rebuild".replace("[", r"\[")

    def lost(self, why: str) -> None:
        """Nothing more will be heard of the program."""
        self.workers.cancel_node(self)
        self.ended(why)
        self.border_subtitle = why

    async def end_program(self) -> None:
        """End the program, and do not begin it again."""
        self.workers.cancel_node(self)
        await self._launching.end()

    def on_descendant_focus(self) -> None:
        """Say who has the keys."""
        self._say_who_has_keys()

    def on_descendant_blur(self) -> None:
        """Say who has the keys."""
        self._say_who_has_keys()

    def _say_who_has_keys(self) -> None:
        if self._lives:
            type_key, back_key = (key_of(self.app, name).replace("[", r"\[") for name in ("program", "keys_back"))
            self.border_subtitle = (
                f"{back_key} leaves the program" if self.has_keys else f"press {type_key} to type into it"
            )
        self.app.refresh_bindings()


def dock_of(source: Source, launch: Launch, rebuilds: Rebuilds | None) -> ProgramDock:
    """The place of a program that is launched on the terminal of a source."""
    assert source.terminal_fd is not None
    return ProgramDock(source.terminal_fd, Launching(source, launch), rebuilds)
